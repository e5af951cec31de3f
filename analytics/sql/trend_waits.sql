/*lengths*/
-- Delays by period and value, counted by steps finer than what is shown (15 minutes, then 60 and 360): what a median
-- with those still waiting needs.
SELECT
    period,
    key,
    CASE
        WHEN length < 10 THEN ceil(96 * length) / 96
        WHEN length < 20 THEN ceil(24 * length) / 24
        ELSE ceil(4 * length) / 4
    END AS days,
    ended,
    count(*) FILTER (ended OR waiting) AS n
FROM lengths
GROUP BY ALL
HAVING n > 0
