-- Structures by positive reviews.
SELECT
    r.structure_id, any_value(r.structure) AS structure, any_value(s.mailbox) AS mailbox,
    count(*) FILTER (WHERE r.sentiment = 'Positif') AS n,
    count(*) FILTER (WHERE r.sentiment = 'Positif') / nullif(count(r.sentiment), 0) AS share,
    count(r.sentiment) AS felt
FROM reviews AS r LEFT JOIN structures AS s ON s.id = r.structure_id
WHERE r.structure_id IS NOT NULL AND NOT coalesce(r.out_of_structure, FALSE) AND /*filters*/ TRUE
GROUP BY r.structure_id HAVING count(*) FILTER (WHERE r.sentiment = 'Positif') > 0
ORDER BY n DESC, share DESC, r.structure_id
LIMIT $most
