-- Reviews with a reply their author judged useful, newest first. A tenth of the reviews, always the same, is held for measures.
SELECT r.id, r.title, r.body, p.structure, r.typology, r.sentiment, p.body
FROM replies p
JOIN reviews r ON r.id = p.review_id
WHERE p.author_verdict = 'utile' AND NOT p.canned AND p.body IS NOT NULL
  AND coalesce(p.status, '') NOT ILIKE '%retir%' AND coalesce(p.status, '') NOT ILIKE '%supprim%'
  AND (r.id * 2654435761 % 4294967296 % 10 = 0) = $held
ORDER BY r.published_at DESC, r.id DESC, p.rank
LIMIT $most
