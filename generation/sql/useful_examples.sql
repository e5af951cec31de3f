-- Replies of a kind of institution that the author of the review judged useful, to complaints first, newest first.
SELECT p.review_id, p.rank, r.title, coalesce(p.structure, '') AS structure, p.body
FROM replies p
JOIN reviews r ON r.id = p.review_id
WHERE r.typology = $typology AND p.author_verdict = 'utile' AND NOT p.canned AND p.body IS NOT NULL
  AND coalesce(p.status, '') NOT ILIKE '%retir%' AND coalesce(p.status, '') NOT ILIKE '%supprim%'
ORDER BY r.sentiment IS NOT DISTINCT FROM 'Positif', r.published_at DESC, r.id DESC, p.rank
LIMIT $most
