UNION ALL
SELECT 'irritant', i.id::VARCHAR, i.label, s.now
FROM selected AS s
JOIN review_topics AS t ON t.review_id = s.id
JOIN topics AS i ON i.id = t.irritant AND i.level = 'irritant'
