-- A page of open_reviews (waiting.sql), in the order to take them: urgency x age x risk.
SELECT id, age, urgency, risk, target
FROM open_reviews
ORDER BY list_contains($first::BIGINT[], id) DESC, urgency * age * risk DESC, published_at, id
LIMIT $limit OFFSET $offset
