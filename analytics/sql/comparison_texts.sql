-- The last texts of each of two selections.
WITH chosen AS (
    (SELECT r.id FROM reviews AS r WHERE (/*first*/ TRUE) ORDER BY r.published_at DESC, r.id LIMIT $most)
    UNION
    (SELECT r.id FROM reviews AS r WHERE (/*second*/ TRUE) ORDER BY r.published_at DESC, r.id LIMIT $most)
)
SELECT concat_ws(' ', title, body) FROM reviews WHERE id IN (SELECT id FROM chosen)
