-- What a fiche says today.
SELECT body FROM fiche_sections WHERE fiche_id = $id
