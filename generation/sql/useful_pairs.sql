-- Reviews with a reply their author judged useful, newest first.
SELECT r.title, r.body, p.structure, p.body
FROM replies p
JOIN reviews r ON r.id = p.review_id
WHERE p.author_verdict = 'utile' AND NOT p.canned AND p.body IS NOT NULL
ORDER BY r.published_at DESC, r.id DESC, p.rank
LIMIT $most
