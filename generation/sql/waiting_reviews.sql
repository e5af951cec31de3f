-- Reviews an institution still has to answer, oldest first.
SELECT r.id
FROM reviews r
WHERE NOT coalesce(r.out_of_structure, false)
  AND r.published_on >= (SELECT max(published_on) FROM reviews) - to_days($days::INTEGER)
  AND NOT EXISTS (SELECT 1 FROM replies p WHERE p.review_id = r.id AND p.body IS NOT NULL AND NOT p.canned)
ORDER BY r.published_at, r.id
LIMIT $most
