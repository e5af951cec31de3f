-- In how many reviews of two selections each word is, words of three reviews or more (one review in so many, see word_sample.sql).
WITH sides AS (
    SELECT r.id, (/*first*/ TRUE) AS first, (/*second*/ TRUE) AS second
    FROM reviews AS r WHERE (/*first*/ TRUE) OR (/*second*/ TRUE)
)
SELECT w.word, count(*) FILTER (WHERE s.first) AS n_first, count(*) FILTER (WHERE s.second) AS n_second
FROM word_sample AS w JOIN sides AS s ON s.id = w.review_id
GROUP BY w.word HAVING count(*) >= 3
