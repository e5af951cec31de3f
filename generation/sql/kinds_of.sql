-- Kind of institution declared by some reviews, and the institution.
SELECT id, coalesce(typology, ''), coalesce(structure_id, '')
FROM reviews
WHERE list_contains($ids::BIGINT[], id)
