/*measured*/
-- Median delay of each irritant over the selected reviews that were answered; the delay measures' definition.
SELECT t.irritant AS id, median(m.days) AS median_days
FROM measured AS m JOIN review_topics AS t ON t.review_id = m.id
WHERE NOT m.outside AND m.answered AND m.days IS NOT NULL
GROUP BY t.irritant
