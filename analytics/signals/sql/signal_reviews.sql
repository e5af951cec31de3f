-- Reviews of a signal, oldest first.
SELECT r.id, r.published_on, r.title, r.body, r.sentiment, r.network, r.typology, r.structure, r.structure_id, r.department
FROM reviews r WHERE list_contains($ids, r.id) ORDER BY r.published_on, r.id
