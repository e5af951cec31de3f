-- Those of open_reviews (waiting.sql) past their target.
SELECT id FROM open_reviews WHERE age > target
