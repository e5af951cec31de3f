-- Every word of every review, folded, sorted by word: zone maps make the reviews of a word a short read.
CREATE OR REPLACE TABLE review_words AS
WITH texts AS (
    SELECT
        r.id AS review_id,
        lower(strip_accents(replace(replace(replace(concat_ws(' ', r.title, r.body), 'œ', 'oe'), 'Œ', 'oe'), 'æ', 'ae'))) AS folded
    FROM reviews AS r
)
SELECT word, review_id
FROM (SELECT review_id, unnest(list_distinct(regexp_extract_all(folded, '[a-z0-9]+'))) AS word FROM texts)
WHERE length(word) <= 40
ORDER BY word, review_id
