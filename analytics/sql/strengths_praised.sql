-- Subjects that more people praise than complain about, over the whole snapshot.
SELECT t.irritant AS id
FROM review_topics AS t JOIN reviews AS r ON r.id = t.review_id
WHERE t.irritant >= 0
GROUP BY t.irritant
HAVING count(*) FILTER (WHERE r.sentiment = 'Positif') > count(*) FILTER (WHERE r.sentiment = 'Négatif')
ORDER BY id
