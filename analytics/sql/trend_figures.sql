/*measured*/
-- The five measures by period and by value of a dimension; both may be one constant.
, keyed AS (SELECT /*period*/ AS period, /*key*/ AS key, measured.* FROM measured),
counted AS (
    SELECT
        period,
        key,
        any_value(/*name*/ NULL) AS name,
        count(*) AS n,
        count(sentiment) AS felt,
        count(*) FILTER (WHERE sentiment = 'Négatif') AS negative,
        count(*) FILTER (WHERE sentiment = 'Neutre') AS neutral,
        count(*) FILTER (WHERE sentiment = 'Positif') AS positive,
        count(*) FILTER (WHERE NOT outside) AS answerable,
        count(*) FILTER (WHERE NOT outside AND answered) AS answered,
        count(days) FILTER (WHERE NOT outside) AS timed,
        avg(days) FILTER (WHERE NOT outside) AS mean_days,
        sum(judged)::BIGINT AS judged,
        sum(useful)::BIGINT AS useful
    FROM keyed
    WHERE key IS NOT NULL
    GROUP BY period, key
)
SELECT
    period, key::VARCHAR AS key, /*label*/ name AS label, n, felt, negative, neutral, positive, answerable, answered, timed, mean_days, judged, useful
FROM counted AS c
ORDER BY period, c.key
