-- What was lately asked of a kind of institution, complaints first: praise asks for no fiche.
SELECT title, left(body, 1500) AS body
FROM reviews
WHERE typology = $typology AND NOT coalesce(out_of_structure, false)
ORDER BY sentiment IS NOT DISTINCT FROM 'Positif', published_at DESC, id DESC
LIMIT $most
