/*measured*/
-- Reviews still waiting, by structure: how many are past the target, how old the oldest is.
SELECT
    structure_id,
    any_value(structure) AS name,
    count(*) AS waiting,
    count(*) FILTER (WHERE age > $target) AS late,
    count(*) FILTER (WHERE age > $target - 7 AND age <= $target) AS soon,
    max(age) AS oldest_days
FROM (
    SELECT structure_id, structure, epoch($end::TIMESTAMP - /*basis*/ published_at) / 86400 AS age
    FROM measured
    WHERE NOT outside AND NOT answered
)
WHERE age IS NOT NULL
GROUP BY structure_id
ORDER BY late DESC, waiting DESC, structure_id
