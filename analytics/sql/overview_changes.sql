-- Reviews of the last four weeks and of the four before, by irritant or by institution, beside all reviews of each.
WITH selected AS (
    SELECT r.irritant, r.typology, r.published_on > $middle AS now FROM reviews AS r WHERE /*filters*/ TRUE
),
keyed AS (
    SELECT 'institution' AS kind, typology AS key, typology AS label, now FROM selected
    /*irritants*/
)
SELECT
    kind, key, any_value(label) AS label,
    count(*) FILTER (WHERE now) AS n_now,
    count(*) FILTER (WHERE NOT now) AS n_before,
    (SELECT count(*) FROM selected WHERE now) AS all_now,
    (SELECT count(*) FROM selected WHERE NOT now) AS all_before
FROM keyed
WHERE key IS NOT NULL
GROUP BY kind, key
