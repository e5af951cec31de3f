/*measured*/
-- Figures of each irritant over the selected reviews; the delay measures' definitions of an answer.
SELECT m.irritant AS id,
    count(*) AS n,
    avg((m.sentiment = 'Négatif')::INTEGER) AS share_negative,
    avg((NOT m.answered)::INTEGER) FILTER (WHERE NOT m.outside) AS unanswered_share,
    coalesce(sum(m.endorsements), 0)::BIGINT AS endorsements
FROM measured AS m
WHERE m.irritant IS NOT NULL
GROUP BY m.irritant
