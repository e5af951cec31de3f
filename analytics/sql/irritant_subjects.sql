-- Fine subjects of one irritant over the selected reviews.
SELECT s.id, s.label, s.terms, count(*) AS n, avg((r.sentiment = 'Négatif')::INTEGER) AS share_negative
FROM reviews r
JOIN review_topics t ON t.review_id = r.id
JOIN topics s ON s.id = t.subject AND s.level = 'subject'
WHERE t.irritant = $irritant AND /*filters*/ TRUE
GROUP BY s.id, s.label, s.terms ORDER BY n DESC, s.id
