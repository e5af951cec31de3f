-- Sections of fiches; the title counts three times, the heading twice: they name the procedure.
SELECT s.fiche_id, s.rank,
    concat_ws(chr(10), f.title, f.title, f.title, f.subject, s.heading, s.heading, left(s.body, 4000)) AS document
FROM fiche_sections s
JOIN fiches f ON f.id = s.fiche_id
ORDER BY s.fiche_id, s.rank
