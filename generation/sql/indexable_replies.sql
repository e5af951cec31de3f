-- Replies worth leaning on: written by an institution, not canned, not withdrawn, not stale (older than five years, or
-- sending to a fiche that is no longer published); useful then recent first.
-- Five columns to weigh a reply, six to show it (body, title, structure's id and name, verdict, typology), one to index.
-- prior: usefulness (author's verdict counts for three visitors' votes) times recency (half weight after two years).
WITH last AS (
    SELECT max(published_on) AS day FROM reviews
),
told AS (
    SELECT review_id, rank, unnest(regexp_extract_all(body, 'vosdroits/(F[0-9]+)', 1)) AS fiche
    FROM replies WHERE contains(body, 'vosdroits/F')
),
gone AS (  -- a few fiches are not the whole collection: they can't tell which are gone
    SELECT DISTINCT review_id, rank FROM told ANTI JOIN fiches ON fiches.id = told.fiche
    WHERE (SELECT count(*) FROM fiches) >= 1000
),
judged AS (
    SELECT p.review_id, p.rank, p.body, p.structure_id, p.structure, p.author_verdict, r.typology, r.title, r.body AS review,
        coalesce(p.useful_votes, 0) + CASE WHEN p.author_verdict = 'utile' THEN 3 ELSE 0 END AS useful,
        coalesce(p.useless_votes, 0) + CASE WHEN p.author_verdict = 'pas utile' THEN 3 ELSE 0 END AS useless,
        date_diff('day', r.published_on, last.day) AS age
    FROM replies p
    JOIN reviews r ON r.id = p.review_id
    CROSS JOIN last
    ANTI JOIN gone ON gone.review_id = p.review_id AND gone.rank = p.rank
    ANTI JOIN withheld_replies AS w ON w.review_id = p.review_id  -- no reply should lean on them: a lead said so
    WHERE p.body IS NOT NULL AND NOT p.canned AND length(p.body) >= 60
      AND coalesce(p.status, '') NOT ILIKE '%retir%' AND coalesce(p.status, '') NOT ILIKE '%supprim%'
      AND r.published_on >= last.day - INTERVAL 5 YEARS
)
SELECT review_id, rank, coalesce(structure_id, '') AS structure_id, coalesce(typology, '') AS typology,
    (0.4 + 1.2 * (useful + 1) / (useful + useless + 2)) * (0.75 + 0.25 * pow(0.5, age / 730.0)) AS prior,
    left(body, 6000) AS body, title, structure_id, structure, author_verdict, typology,
    concat_ws(chr(10), title, left(review, 1500), left(body, 1500)) AS document
FROM judged
ORDER BY prior DESC, review_id DESC, rank
LIMIT $most
