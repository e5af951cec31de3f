-- Counts over open_reviews (waiting.sql).
SELECT
    count(*),
    count(*) FILTER (WHERE age > target),
    count(*) FILTER (WHERE age <= target AND age > target - 7),
    max(age),
    median(age)
FROM open_reviews
