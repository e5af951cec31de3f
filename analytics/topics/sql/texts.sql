-- Every review's words, in a stable order.
SELECT r.id, concat_ws(chr(10), r.title, r.body) AS text FROM reviews r ORDER BY r.id
