/*measured*/
-- Delays of the reviews published each month: answered ones, and what became of all of them after the target.
SELECT
    date_trunc('month', published_on)::DATE AS month,
    count(*) AS n,
    count(*) FILTER (WHERE answered) AS answered,
    quantile_cont(days, 0.25) AS q1_days,
    median(days) AS median_days,
    quantile_cont(days, 0.75) AS q3_days,
    quantile_cont(days, 0.9) AS p90_days,
    avg(days) AS mean_days,
    avg(coalesce(days <= $target, FALSE)::INTEGER) FILTER (WHERE days IS NOT NULL OR NOT answered) AS within_target
FROM measured
WHERE NOT outside
GROUP BY month
ORDER BY month
