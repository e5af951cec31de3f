-- Addresses a fiche gives, those where something can be done first.
SELECT fiche_id, url
FROM fiche_links
WHERE list_contains($ids, fiche_id) AND url IS NOT NULL
ORDER BY fiche_id, CASE kind WHEN 'service' THEN 0 WHEN 'where' THEN 1 ELSE 2 END, url
