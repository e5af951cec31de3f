-- Counts over open_reviews (waiting.sql).
SELECT count(*), count(*) FILTER (WHERE age > $target_days), max(age), median(age)
FROM open_reviews
