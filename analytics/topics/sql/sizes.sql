-- Size and share of negative reviews of each irritant and each subject.
WITH members AS (
    SELECT t.irritant AS id, r.sentiment FROM review_topics t JOIN reviews r ON r.id = t.review_id
    UNION ALL
    SELECT t.subject, r.sentiment FROM review_topics t JOIN reviews r ON r.id = t.review_id WHERE t.subject IS NOT NULL
),
figures AS (
    SELECT id, count(*) AS size, avg((sentiment = 'Négatif')::INTEGER) AS share_negative FROM members GROUP BY id
)
UPDATE topics SET size = f.size, share_negative = f.share_negative FROM figures f WHERE f.id = topics.id
