UNION ALL
SELECT 'irritant', i.id::VARCHAR, i.label, s.now
FROM selected AS s
JOIN topics AS i ON i.id = s.irritant AND i.level = 'irritant'
