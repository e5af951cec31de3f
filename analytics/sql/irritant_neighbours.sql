-- Nearest irritants, those that people hid or merged left out.
WITH near AS (
    SELECT unnest(neighbours) AS id, unnest(nearness) AS nearness FROM topic_notes WHERE id = $irritant
)
SELECT i.id, i.label, i.size AS n, near.nearness
FROM near JOIN topics AS i ON i.id = near.id AND i.level = 'irritant'
WHERE i.id <> $irritant
ORDER BY near.nearness DESC, i.id
