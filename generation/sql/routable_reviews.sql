-- Reviews to learn routing from: the most recent with a typology that has enough of them, in a repeatable shuffle. Those
-- of the pairs held for measures (useful_pairs) are left out.
WITH common AS (
    SELECT typology FROM reviews WHERE typology IS NOT NULL AND NOT coalesce(out_of_structure, false)
    GROUP BY typology HAVING count(*) >= $rarest
),
recent AS (
    SELECT r.id, r.typology, concat_ws(chr(10), r.title, left(r.body, 3000)) AS document
    FROM reviews r SEMI JOIN common c ON c.typology = r.typology
    CROSS JOIN (SELECT max(published_on) AS day FROM reviews) AS last
    WHERE NOT coalesce(r.out_of_structure, false)
      AND (r.first_reply_at IS NOT NULL OR r.published_on < last.day - 60)  -- those still waiting are to be judged, not learnt
      AND NOT (r.id * 2654435761 % 4294967296 % 10 = 0
        AND EXISTS (SELECT 1 FROM replies p WHERE p.review_id = r.id AND p.author_verdict = 'utile'))
    ORDER BY r.published_at DESC, r.id DESC
    LIMIT $most
)
SELECT typology, document FROM recent ORDER BY hash(id), id
