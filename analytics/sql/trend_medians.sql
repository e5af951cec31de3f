/*lengths*/
-- Median delay by period and value, those still waiting counted as waiting for ever: it is the estimate's (Kaplan-Meier) where
-- none of them has waited less than it. `least`: the least that one of them has; `most`: the longest delay.
SELECT
    period,
    key,
    quantile_disc(CASE WHEN ended THEN length WHEN waiting THEN 'Infinity'::DOUBLE END, 0.5) AS median,
    min(length) FILTER (waiting) AS least,
    max(length) FILTER (ended) AS most
FROM lengths
GROUP BY ALL
