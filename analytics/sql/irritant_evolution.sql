-- Reviews of one irritant by period beside all reviews of the same selection: rates, not only volumes.
WITH selected AS (
    SELECT date_trunc($grain, r.published_on)::DATE AS period, coalesce(r.irritant = $irritant, FALSE) AS hit, r.sentiment
    FROM reviews r
    WHERE /*filters*/ TRUE
)
SELECT period,
    count(*) FILTER (WHERE hit) AS n,
    count(*) FILTER (WHERE hit AND sentiment = 'Négatif') AS negative,
    count(*) AS total,
    count(*) FILTER (WHERE hit) / count(*) AS share
FROM selected GROUP BY period ORDER BY period
