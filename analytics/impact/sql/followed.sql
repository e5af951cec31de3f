-- One row a review that a structure can answer, with the first real reply it got and whether AI drafted it.
-- `structure_id` is who answered, else who was asked.
WITH real AS (
    SELECT review_id, structure_id, rank, ai_similarity, author_verdict, useful_votes, useless_votes
    FROM replies
    WHERE NOT canned AND (body IS NOT NULL OR ai_similarity IS NOT NULL OR author_verdict IS NOT NULL)
    QUALIFY row_number() OVER (PARTITION BY review_id ORDER BY rank) = 1
),
canned AS (SELECT DISTINCT review_id FROM replies WHERE canned AND body IS NOT NULL)
SELECT
    coalesce(real.structure_id, r.structure_id) AS structure_id,
    r.published_at,
    r.first_reply_at,
    r.network,
    CASE WHEN r.first_reply_at >= r.published_at THEN epoch(r.first_reply_at - r.published_at) / 86400 END AS days,
    real.review_id IS NOT NULL AS answered,
    real.ai_similarity IS NOT NULL AS with_ai,
    CASE real.author_verdict WHEN 'utile' THEN 1 WHEN 'pas utile' THEN 0 END AS useful,
    coalesce(real.useful_votes, 0) AS useful_votes,
    coalesce(real.useful_votes, 0) + coalesce(real.useless_votes, 0) AS votes,
    coalesce(r.irritant, -1) AS irritant,
    r.sentiment,
    coalesce(r.channels[1], '') AS channel
FROM reviews AS r
LEFT JOIN real ON real.review_id = r.id
WHERE NOT coalesce(r.out_of_structure, FALSE)
    AND (real.review_id IS NOT NULL OR r.first_reply_at IS NULL OR r.id IN (SELECT review_id FROM canned))
ORDER BY r.published_at, r.id
