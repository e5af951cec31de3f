-- Reviews that show an irritant best: those the model finds most typical first, then the closest to its centre.
WITH typical AS (
    SELECT unnest(exemplars) AS review_id FROM topics WHERE id = $irritant
)
SELECT r.id, r.published_on, r.title, r.body, r.sentiment, r.network, r.typology, r.structure, r.department,
    coalesce(r.endorsements, 0) AS endorsements, t.subject, t.score
FROM reviews r
JOIN review_topics t ON t.review_id = r.id
LEFT JOIN typical y ON y.review_id = r.id
WHERE t.irritant = $irritant AND /*filters*/ TRUE
ORDER BY y.review_id IS NULL, t.score DESC, r.id
LIMIT $limit
