-- Typology {n} of each kept record that names one.
INSERT INTO review_typologies BY NAME
SELECT
    identifier(c.id) AS review_id,
    {n} AS rank,
    c.typology_{n} AS label,
    t.typology,
    postcode_of(c.postcode_{n}) AS postcode,
    c.country_{n} AS country,
    items(c.channels_{n}, ',') AS channels,
    c.tags_{n} AS tags
FROM clean c
JOIN scratch.typologies t ON t.label = c.typology_{n}
WHERE c.row NOT IN (SELECT row FROM scratch.refused WHERE row IS NOT NULL);
