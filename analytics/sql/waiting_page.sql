-- A page of open_reviews (waiting.sql), in the order to take them.
SELECT id, days, urgency
FROM open_reviews
ORDER BY list_contains($first::BIGINT[], id) DESC, urgency * (days + 1) DESC, published_at, id
LIMIT $limit OFFSET $offset
