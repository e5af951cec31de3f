-- What ranks an irritant beyond its volume: declared feelings and the five general tags. Unassigned included.
SELECT
    r.irritant AS id,
    count(r.sentiment) AS felt,
    count(*) FILTER (WHERE r.sentiment = 'Négatif') AS negative,
    count(r.accessibility) + count(r.information) + count(r.relation) + count(r.responsiveness) + count(r.simplicity)
        AS tagged,
    count(*) FILTER (WHERE r.accessibility = 'Négatif') + count(*) FILTER (WHERE r.information = 'Négatif')
        + count(*) FILTER (WHERE r.relation = 'Négatif') + count(*) FILTER (WHERE r.responsiveness = 'Négatif')
        + count(*) FILTER (WHERE r.simplicity = 'Négatif') AS tags_negative
FROM reviews AS r
WHERE r.irritant IS NOT NULL AND /*filters*/ TRUE
GROUP BY r.irritant
