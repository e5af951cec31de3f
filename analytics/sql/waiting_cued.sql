-- Recent open_reviews (waiting.sql) in whose text, as it is today, refresh found words of distress.
SELECT o.id
FROM open_reviews AS o
JOIN reviews AS r ON r.id = o.id
JOIN review_measures AS t ON t.review_id = o.id AND t.fingerprint IS NOT DISTINCT FROM r.fingerprint
WHERE o.age <= $days AND t.distress IS NOT NULL
