-- The words of reviews that no reply in the index carries, in a repeatable order.
SELECT concat_ws(chr(10), title, left(body, 1500)) AS document
FROM reviews r
WHERE NOT EXISTS (SELECT 1 FROM replies p WHERE p.review_id = r.id AND p.body IS NOT NULL AND NOT p.canned)
ORDER BY hash(id), id
LIMIT $most
