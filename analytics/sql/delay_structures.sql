/*measured*/
-- Delays by structure, those with the most reviews first.
SELECT
    structure_id,
    any_value(structure) AS name,
    any_value(network) AS network,
    count(*) FILTER (WHERE answered) AS answered,
    count(*) FILTER (WHERE NOT answered) AS unanswered,
    median(days) AS median_days,
    quantile_cont(days, 0.9) AS p90_days,
    avg(days) AS mean_days
FROM measured
WHERE NOT outside AND structure_id IS NOT NULL
GROUP BY structure_id
ORDER BY count(*) DESC, structure_id
