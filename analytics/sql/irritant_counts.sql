-- Selected reviews of each irritant, unassigned ones (-1) included.
SELECT r.irritant AS id, count(*) AS n
FROM reviews AS r
WHERE r.irritant IS NOT NULL AND /*filters*/ TRUE
GROUP BY r.irritant
