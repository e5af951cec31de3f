-- Every use of a word in the reviews, folded, with the word that follows it (0 = none), sorted: zone maps make the
-- uses of a word, of a beginning or of a pair a short read.
CREATE OR REPLACE TABLE review_places AS
SELECT (row_number() OVER (ORDER BY id) - 1)::INTEGER AS place, id AS review_id FROM reviews ORDER BY id;

CREATE OR REPLACE TEMP TABLE written AS
SELECT p.place, regexp_extract_all({folded}, '[a-z0-9]+') AS words FROM reviews AS r JOIN review_places AS p ON p.review_id = r.id;

CREATE OR REPLACE TABLE vocabulary AS
SELECT row_number() OVER (ORDER BY word)::INTEGER AS id, word
FROM (SELECT DISTINCT left(unnest(words), {letters}) AS word FROM written)
ORDER BY word;

CREATE OR REPLACE TABLE review_words AS
SELECT v.id AS word, coalesce(f.id, 0) AS next, u.place, u.position
FROM (
    SELECT
        place, unnest(words) AS word, unnest(list_append(words[2:], NULL)) AS next,
        unnest(range(len(words)))::INTEGER AS position
    FROM written
) AS u
JOIN vocabulary AS v ON v.word = left(u.word, {letters})
LEFT JOIN vocabulary AS f ON f.word = left(u.next, {letters})
ORDER BY word, next, place, position;

DROP TABLE written
