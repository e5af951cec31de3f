-- What the hashes of cell_reviews.sql stand for: level, name, hash.
WITH seen AS (
    SELECT * FROM reviews WHERE published_on <= $as_of AND date_diff('day', published_on, $as_of) < 7 * $weeks
)
SELECT level, name, hash(name) AS hash
FROM (
    SELECT DISTINCT 'network' AS level, network AS name FROM seen
    UNION ALL SELECT DISTINCT 'typology', typology FROM seen
    UNION ALL SELECT DISTINCT 'structure', structure_id FROM seen WHERE NOT coalesce(out_of_structure, FALSE)
    UNION ALL SELECT DISTINCT 'region', region FROM seen
    UNION ALL SELECT DISTINCT 'department', department FROM seen
    UNION ALL SELECT DISTINCT 'channel', channels[1] FROM seen WHERE len(channels) = 1
)
WHERE name IS NOT NULL
ORDER BY level, name
