-- What recent open_reviews (waiting.sql) say.
SELECT o.id, concat_ws(chr(10), r.title, r.body)
FROM open_reviews AS o
JOIN reviews AS r ON r.id = o.id
WHERE o.age <= $days
