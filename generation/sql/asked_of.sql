-- What a review asks and of whom.
SELECT id, title, body, sentiment, typology, structure_id, structure, department, out_of_structure
FROM reviews
WHERE id = $id
