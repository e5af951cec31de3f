-- A page of open_reviews (waiting.sql), in the order to take them: urgency x age.
SELECT id, age, urgency
FROM open_reviews
ORDER BY list_contains($first::BIGINT[], id) DESC, urgency * age DESC, published_at, id
LIMIT $limit OFFSET $offset
