-- Every value one may filter on, with its label and its number of reviews.
WITH counted AS (
    SELECT 'network' AS dimension, network AS value, network AS label, count(*) AS n FROM reviews GROUP BY ALL
    UNION ALL SELECT 'typology', typology, typology, count(*) FROM reviews GROUP BY ALL
    UNION ALL SELECT 'structure', structure_id, any_value(structure), count(*) FROM reviews GROUP BY structure_id
    UNION ALL
    SELECT 'channel', channel, channel, count(*)
    FROM (SELECT unnest(channels) AS channel FROM reviews) GROUP BY ALL
    UNION ALL
    SELECT 'department', d.code, any_value(d.code || ' – ' || d.name), count(*)
    FROM reviews AS r JOIN departments AS d ON d.code = r.department GROUP BY d.code
    UNION ALL
    SELECT 'region', d.region_code, any_value(d.region), count(*)
    FROM reviews AS r JOIN departments AS d ON d.code = r.department GROUP BY d.region_code
)
SELECT dimension, value, coalesce(label, value), n
FROM counted
WHERE value IS NOT NULL
ORDER BY dimension, CASE WHEN dimension = 'department' THEN value END, n DESC, label
