-- Some texts of two selections.
SELECT concat_ws(' ', r.title, r.body) FROM reviews AS r
WHERE (/*first*/ TRUE) OR (/*second*/ TRUE)
ORDER BY hash(r.id) LIMIT $most
