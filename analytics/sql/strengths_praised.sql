-- Subjects that more people praise than complain about, over the whole snapshot.
SELECT irritant AS id
FROM reviews
WHERE irritant >= 0
GROUP BY irritant
HAVING count(*) FILTER (WHERE sentiment = 'Positif') > count(*) FILTER (WHERE sentiment = 'Négatif')
ORDER BY id
