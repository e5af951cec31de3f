-- Where an irritant is reported: its reviews in each place beside all reviews of that place in the same selection.
WITH own AS (
    SELECT r.network, r.typology, r.structure_id, r.department, r.channels
    FROM reviews r
    WHERE r.irritant = $irritant AND /*filters*/ TRUE
),
hits AS (
    SELECT 'network' AS dimension, network AS key, count(*) AS n FROM own GROUP BY network
    UNION ALL SELECT 'typology', typology, count(*) FROM own GROUP BY typology
    UNION ALL SELECT 'structure', structure_id, count(*) FROM own GROUP BY structure_id
    UNION ALL SELECT 'department', department, count(*) FROM own GROUP BY department
    UNION ALL SELECT 'channel', channel, count(*) FROM (SELECT unnest(channels) AS channel FROM own) GROUP BY channel
),
places AS (
    SELECT 'network' AS dimension, r.network AS key, r.network AS label, count(*) AS n
        FROM reviews r WHERE /*filters*/ TRUE GROUP BY r.network
    UNION ALL SELECT 'typology', r.typology, r.typology, count(*) FROM reviews r WHERE /*filters*/ TRUE GROUP BY r.typology
    UNION ALL SELECT 'structure', r.structure_id, any_value(r.structure), count(*)
        FROM reviews r WHERE /*filters*/ TRUE GROUP BY r.structure_id
    UNION ALL SELECT 'department', r.department, coalesce(any_value(d.name), r.department), count(*)
        FROM reviews r LEFT JOIN departments d ON d.code = r.department WHERE /*filters*/ TRUE GROUP BY r.department
    UNION ALL SELECT 'channel', channel, channel, count(*)
        FROM (SELECT unnest(r.channels) AS channel FROM reviews r WHERE /*filters*/ TRUE) GROUP BY channel
),
overall AS (
    SELECT (SELECT count(*) FROM own) / nullif(count(*), 0) AS share FROM reviews r WHERE /*filters*/ TRUE
)
SELECT dimension, key, p.label, h.n, p.n AS n_place,
    h.n / p.n AS share,
    h.n / p.n / nullif((SELECT share FROM overall), 0) AS lift
FROM hits h JOIN places p USING (dimension, key)
WHERE key IS NOT NULL
ORDER BY dimension, h.n DESC, key
