-- Texts that name no private person: fiches, institutions, places.
SELECT concat_ws(' ', title, subject, description, theme) FROM fiches
UNION ALL SELECT concat_ws(' ', heading, body) FROM fiche_sections
UNION ALL SELECT concat_ws(' ', network, typology, name, public_name) FROM structures
UNION ALL SELECT DISTINCT typology FROM reviews
UNION ALL SELECT DISTINCT label FROM review_typologies
UNION ALL SELECT DISTINCT structure FROM replies
UNION ALL SELECT concat_ws(' ', name, region) FROM departments
