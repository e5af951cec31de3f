/*measured*/
-- Every review as numbers: its moments in seconds that really passed (clocks change twice a year), its days in France, what became of it, and the codes of what it may be filtered by.
, coded AS (
    SELECT
        'network' AS dimension, v, row_number() OVER (ORDER BY v) - 1 AS code
    FROM (SELECT DISTINCT network AS v FROM reviews WHERE network IS NOT NULL)
    UNION ALL
    SELECT 'typology', v, row_number() OVER (ORDER BY v) - 1
    FROM (SELECT DISTINCT typology AS v FROM reviews WHERE typology IS NOT NULL)
    UNION ALL
    SELECT 'structure', v, row_number() OVER (ORDER BY v) - 1
    FROM (SELECT DISTINCT structure_id AS v FROM reviews WHERE structure_id IS NOT NULL)
    UNION ALL
    SELECT 'department', v, row_number() OVER (ORDER BY v) - 1
    FROM (SELECT DISTINCT department AS v FROM reviews WHERE department IS NOT NULL)
    UNION ALL
    SELECT 'region', v, row_number() OVER (ORDER BY v) - 1
    FROM (SELECT DISTINCT region AS v FROM reviews WHERE region IS NOT NULL)
    UNION ALL
    SELECT 'sentiment', v, row_number() OVER (ORDER BY v) - 1
    FROM (SELECT DISTINCT sentiment AS v FROM reviews WHERE sentiment IS NOT NULL)
)
SELECT
    m.id,
    epoch(m.published_at AT TIME ZONE 'Europe/Paris') AS published,
    epoch(m.written_on::TIMESTAMP AT TIME ZONE 'Europe/Paris') AS written,
    epoch(m.replied_at AT TIME ZONE 'Europe/Paris') AS replied,
    (m.published_on - DATE '1970-01-01')::INTEGER AS day,
    coalesce(m.written_on - DATE '1970-01-01', -1)::INTEGER AS written_day,
    coalesce(m.replied_at::DATE - DATE '1970-01-01', -1)::INTEGER AS replied_day,
    m.answered,
    m.canned,
    m.outside,
    coalesce(n.code, -1)::SMALLINT AS network,
    coalesce(t.code, -1)::SMALLINT AS typology,
    coalesce(s.code, -1)::INTEGER AS structure,
    coalesce(d.code, -1)::SMALLINT AS department,
    coalesce(g.code, -1)::SMALLINT AS region,
    coalesce(f.code, -1)::SMALLINT AS sentiment,
    coalesce(m.irritant, -1) AS irritant,
    (/*channels*/ 0)::BIGINT AS channels
FROM measured AS m
LEFT JOIN coded AS n ON n.dimension = 'network' AND n.v = m.network
LEFT JOIN coded AS t ON t.dimension = 'typology' AND t.v = m.typology
LEFT JOIN coded AS s ON s.dimension = 'structure' AND s.v = m.structure_id
LEFT JOIN coded AS d ON d.dimension = 'department' AND d.v = m.department
LEFT JOIN coded AS g ON g.dimension = 'region' AND g.v = m.region
LEFT JOIN coded AS f ON f.dimension = 'sentiment' AND f.v = m.sentiment
