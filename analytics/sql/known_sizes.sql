-- Size and share of negative reviews of each irritant and each subject, as topics/sql/sizes.sql writes them, of the reviews known then.
WITH members AS (
    SELECT irritant AS id, sentiment FROM reviews WHERE irritant IS NOT NULL
    UNION ALL
    SELECT t.subject, r.sentiment FROM review_topics AS t JOIN reviews AS r ON r.id = t.review_id WHERE t.subject IS NOT NULL
)
SELECT id, count(*), avg((sentiment = 'Négatif')::INTEGER) FROM members GROUP BY id ORDER BY id
