-- Texts of the reviews given by id.
SELECT r.id, concat_ws(chr(10), r.title, r.body) AS text FROM reviews r WHERE list_contains($ids, r.id) ORDER BY r.id
