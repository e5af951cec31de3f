-- Reviews an institution still has to answer, in the order the queue shows them: urgency times age.
-- urgency: 3 for a negative review, 2 neutral, 1 positive, up to doubled by 10 endorsements.
WITH last AS (
    SELECT max(published_on) AS day FROM reviews
)
SELECT r.id
FROM reviews r
CROSS JOIN last
WHERE NOT coalesce(r.out_of_structure, false)
  AND r.published_on >= last.day - to_days($days::INTEGER)
  AND NOT EXISTS (SELECT 1 FROM replies p WHERE p.review_id = r.id AND p.body IS NOT NULL AND NOT p.canned)
ORDER BY CASE r.sentiment WHEN 'Négatif' THEN 3 WHEN 'Neutre' THEN 2 ELSE 1 END
        * (1 + least(coalesce(r.endorsements, 0), 10) / 10.0)
        * (epoch(last.day + 1 - r.published_at) / 86400) DESC,
    r.published_at, r.id
LIMIT $most OFFSET $skip
