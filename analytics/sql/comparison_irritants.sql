-- Reviews of each irritant in two selections, beside all reviews of each.
WITH sides AS (
    SELECT r.irritant, (/*first*/ TRUE) AS first, (/*second*/ TRUE) AS second
    FROM reviews AS r WHERE (/*first*/ TRUE) OR (/*second*/ TRUE)
)
SELECT
    i.id, i.label,
    count(*) FILTER (WHERE s.first) AS n_first,
    count(*) FILTER (WHERE s.second) AS n_second,
    (SELECT count(*) FROM sides WHERE first) AS all_first,
    (SELECT count(*) FROM sides WHERE second) AS all_second
FROM sides AS s
JOIN topics AS i ON i.id = s.irritant AND i.level = 'irritant'
GROUP BY i.id, i.label
