-- Structures that adopted AI drafting, oldest first.
SELECT a.structure_id, coalesce(s.public_name, s.name, a.structure_id) AS name, s.network, a.adopted_on, a.replies, a.with_ai,
    coalesce(a.declared, FALSE) AS declared
FROM adoption AS a
LEFT JOIN structures AS s ON s.id = a.structure_id
ORDER BY a.adopted_on, a.structure_id
