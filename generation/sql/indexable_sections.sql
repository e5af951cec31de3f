-- Sections of fiches: two columns to know them, five to show them (body, heading, title, address, the fiche's links, those
-- where something can be done first), one to index; there the title counts three times and the heading twice: they
-- name the procedure.
WITH links AS (
    SELECT fiche_id,
        list(url ORDER BY CASE kind WHEN 'service' THEN 0 WHEN 'where' THEN 1 ELSE 2 END, url) AS urls
    FROM fiche_links
    WHERE url IS NOT NULL
    GROUP BY fiche_id
)
SELECT s.fiche_id, s.rank,
    s.body, s.heading, f.title, f.url, l.urls,
    concat_ws(chr(10), f.title, f.title, f.title, f.subject, s.heading, s.heading, left(s.body, 4000)) AS document
FROM fiche_sections s
JOIN fiches f ON f.id = s.fiche_id
LEFT JOIN links l ON l.fiche_id = s.fiche_id
ORDER BY s.fiche_id, s.rank
