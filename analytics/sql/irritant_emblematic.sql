-- Reviews that show an irritant best: those the model finds most typical first, then the closest to its centre.
WITH typical AS (
    SELECT unnest(exemplars) AS review_id FROM topics WHERE id = $irritant
),
chosen AS (
    SELECT r.id, y.review_id IS NULL AS other, t.subject, t.score
    FROM reviews r
    JOIN review_topics t ON t.review_id = r.id
    LEFT JOIN typical y ON y.review_id = r.id
    WHERE t.irritant = $irritant AND /*filters*/ TRUE
    ORDER BY other, t.score DESC, r.id
    LIMIT $limit
)
SELECT r.id, r.published_on, r.title, r.body, r.sentiment, r.network, r.typology, r.structure, r.department,
    coalesce(r.endorsements, 0) AS endorsements, c.subject, c.score
FROM reviews r JOIN chosen c ON c.id = r.id
ORDER BY c.other, c.score DESC, r.id
