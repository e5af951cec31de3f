-- The same counts over open_reviews (waiting.sql), by structure.
SELECT
    structure_id,
    any_value(structure),
    count(*),
    count(*) FILTER (WHERE age > target) AS late,
    count(*) FILTER (WHERE age <= target AND age > target - 7),
    max(age),
    median(age)
FROM open_reviews
GROUP BY structure_id
ORDER BY late DESC, count(*) DESC, structure_id
