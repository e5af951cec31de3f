-- Selected reviews of each irritant, unassigned ones (-1) included.
SELECT t.irritant AS id, count(*) AS n
FROM reviews AS r JOIN review_topics AS t ON t.review_id = r.id
WHERE /*filters*/ TRUE
GROUP BY t.irritant
