/*measured*/
-- What was seen before and after the day AI drafting was adopted; everything is before when that day is not known.
SELECT
    coalesce(published_on >= $adopted::DATE, FALSE) AS after,
    count(*) FILTER (WHERE answered) AS answered,
    median(days) AS median_days,
    coalesce(sum(judged), 0) AS judged,
    coalesce(sum(useful), 0) AS useful
FROM measured
WHERE NOT outside
GROUP BY after
