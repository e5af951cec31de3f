-- Kind of institution declared by some reviews.
SELECT id, typology
FROM reviews
WHERE list_contains($ids::BIGINT[], id)
