-- Positive reviews of each irritant.
SELECT
    i.id, i.label,
    count(*) FILTER (WHERE r.sentiment = 'Positif') AS n,
    count(*) FILTER (WHERE r.sentiment = 'Positif') / nullif(count(r.sentiment), 0) AS share,
    count(r.sentiment) AS felt,
    coalesce(sum(r.endorsements) FILTER (WHERE r.sentiment = 'Positif'), 0)::BIGINT AS endorsements
FROM reviews AS r
JOIN topics AS i ON i.id = r.irritant AND i.level = 'irritant'
WHERE /*filters*/ TRUE
GROUP BY i.id, i.label
ORDER BY n DESC, i.id
