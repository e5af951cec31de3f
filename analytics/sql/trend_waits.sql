/*measured*/
-- Delays by period and value, counted by steps finer than what is shown (15 minutes, then 60 and 360): what a median
-- with those still waiting needs.
, keyed AS (SELECT /*period*/ AS period, /*key*/ AS key, measured.* FROM measured),
lengths AS (
    SELECT period, key, coalesce(days, epoch($end::TIMESTAMP - published_at) / 86400) AS length, days IS NOT NULL AS ended, answered
    FROM keyed
    WHERE NOT outside AND key IS NOT NULL  -- a condition on the delay would work it out once more for each review
)
SELECT
    period,
    key,
    CASE
        WHEN length < 10 THEN ceil(96 * length) / 96
        WHEN length < 20 THEN ceil(24 * length) / 24
        ELSE ceil(4 * length) / 4
    END AS days,
    ended,
    count(*) FILTER (ended OR NOT answered) AS n
FROM lengths
GROUP BY ALL
HAVING n > 0
