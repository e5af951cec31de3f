-- Where an irritant is reported: its reviews in each place beside all reviews of that place in the same selection.
WITH selected AS (
    SELECT t.irritant = $irritant AS hit, r.network, r.typology, r.structure_id, r.structure, r.department, r.channels
    FROM reviews r JOIN review_topics t ON t.review_id = r.id
    WHERE /*filters*/ TRUE
),
places AS (
    SELECT 'network' AS dimension, network AS key, network AS label, hit FROM selected
    UNION ALL SELECT 'typology', typology, typology, hit FROM selected
    UNION ALL SELECT 'structure', structure_id, structure, hit FROM selected
    UNION ALL SELECT 'department', s.department, coalesce(d.name, s.department), hit
        FROM selected s LEFT JOIN departments d ON d.code = s.department
    UNION ALL SELECT 'channel', channel, channel, hit
        FROM (SELECT unnest(channels) AS channel, hit FROM selected)
),
overall AS (SELECT avg(hit::INTEGER) AS share FROM selected)
SELECT dimension, key, any_value(label) AS label,
    count(*) FILTER (WHERE hit) AS n, count(*) AS n_place,
    avg(hit::INTEGER) AS share,
    avg(hit::INTEGER) / nullif(any_value(overall.share), 0) AS lift
FROM places, overall WHERE key IS NOT NULL
GROUP BY dimension, key HAVING count(*) FILTER (WHERE hit) > 0
ORDER BY dimension, n DESC, key
