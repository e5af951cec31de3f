-- Weekly counts by irritant and place, at the finest grain; a place that a review does not say is NULL.
INSERT INTO cells
SELECT date_trunc('week', r.published_on)::DATE AS week, t.irritant, r.network, r.typology, r.structure_id, r.department,
    count(*)::INTEGER AS n, count(*) FILTER (WHERE r.sentiment = 'Négatif')::INTEGER AS negative
FROM reviews r JOIN review_topics t ON t.review_id = r.id
GROUP BY ALL ORDER BY ALL
