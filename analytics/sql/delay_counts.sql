/*measured*/
-- How many reviews stand behind the delays, and how many stand aside.
SELECT
    count(*) FILTER (WHERE NOT outside AND answered) AS answered,
    count(*) FILTER (WHERE NOT outside AND NOT answered) AS unanswered,
    count(*) FILTER (WHERE NOT outside AND canned) AS canned,
    count(*) FILTER (WHERE outside) AS outside,
    count(*) FILTER (WHERE NOT outside AND delay < 0) AS negative,
    count(*) FILTER (WHERE NOT outside AND answered AND delay IS NULL) AS undated,
    count(days) FILTER (WHERE NOT outside) AS timed,
    median(days) FILTER (WHERE NOT outside) AS median_days,
    quantile_cont(days, 0.9) FILTER (WHERE NOT outside) AS p90_days,
    avg(days) FILTER (WHERE NOT outside) AS mean_days,
    avg(coalesce(days <= $target, FALSE)::INTEGER) FILTER (WHERE NOT outside AND (days IS NOT NULL OR NOT answered)
        AND /*basis*/ published_at < $end::TIMESTAMP - to_days($target::INTEGER)) AS within_target
FROM measured
