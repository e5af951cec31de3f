-- Counts over open_reviews (waiting.sql).
SELECT count(*), count(*) FILTER (WHERE days > $target_days), max(days), median(days)
FROM open_reviews
