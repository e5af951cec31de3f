-- Fiche sections by (fiche, rank), with the fiche they belong to.
WITH wanted AS (SELECT unnest($ids::VARCHAR[]) AS fiche_id, unnest($ranks::INTEGER[]) AS rank)
SELECT s.fiche_id, s.rank, s.heading, s.body, f.title, f.url
FROM wanted w
JOIN fiche_sections s ON s.fiche_id = w.fiche_id AND s.rank = w.rank
JOIN fiches f ON f.id = s.fiche_id
