/*measured*/
-- Figures of each irritant over the selected reviews; the delay measures' definitions of an answer.
SELECT t.irritant AS id,
    count(*) AS n,
    avg((m.sentiment = 'Négatif')::INTEGER) AS share_negative,
    avg((NOT m.answered)::INTEGER) FILTER (WHERE NOT m.outside) AS unanswered_share,
    coalesce(sum(m.endorsements), 0)::BIGINT AS endorsements
FROM measured AS m JOIN review_topics AS t ON t.review_id = m.id
GROUP BY t.irritant
