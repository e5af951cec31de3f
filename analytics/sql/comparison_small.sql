-- In how many of the last reviews of each of two selections each word is, words of three reviews or more; from the texts.
WITH chosen AS (
    (SELECT r.id, TRUE AS first, FALSE AS second FROM reviews AS r WHERE (/*first*/ TRUE) ORDER BY r.published_at DESC, r.id LIMIT $most)
    UNION ALL
    (SELECT r.id, FALSE, TRUE FROM reviews AS r WHERE (/*second*/ TRUE) ORDER BY r.published_at DESC, r.id LIMIT $most)
),
sides AS (SELECT id, bool_or(first) AS first, bool_or(second) AS second FROM chosen GROUP BY id),
used AS (
    SELECT s.first, s.second, unnest(list_distinct(regexp_extract_all(/*folded*/ '', '[a-z0-9]+'))) AS word
    FROM reviews AS r JOIN sides AS s ON s.id = r.id
)
SELECT word, count(*) FILTER (WHERE first) AS n_first, count(*) FILTER (WHERE second) AS n_second
FROM used
GROUP BY word HAVING count(*) >= 3
