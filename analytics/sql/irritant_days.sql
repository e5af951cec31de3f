/*measured*/
-- Median delay of each irritant over the selected reviews that were answered, the others having none; the delay measures'
-- definition.
SELECT m.irritant AS id, median(m.days) AS median_days
FROM measured AS m
WHERE m.irritant IS NOT NULL AND NOT m.outside
GROUP BY m.irritant
