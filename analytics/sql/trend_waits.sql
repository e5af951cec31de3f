/*measured*/
-- Delays by period and value, counted by five minutes: what a median with those still waiting needs.
, keyed AS (SELECT /*period*/ AS period, /*key*/ AS key, measured.* FROM measured /*topics*/)
SELECT
    period,
    key,
    ceil(288 * coalesce(days, epoch($end::TIMESTAMP - published_at) / 86400))::INTEGER AS slots,
    days IS NOT NULL AS ended,
    count(*) AS n
FROM keyed
WHERE NOT outside AND key IS NOT NULL AND (days IS NOT NULL OR NOT answered)
GROUP BY ALL
