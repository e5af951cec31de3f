/*measured*/
-- How long each review waited for its answer, or has waited so far, by period and value; Hors-structures left out.
-- No condition on the delay: it would be worked out once more for each review.
, keyed AS (SELECT /*period*/ AS period, /*key*/ AS key, measured.* FROM measured),
lengths AS (
    SELECT
        period, key, coalesce(days, epoch($end::TIMESTAMP - published_at) / 86400) AS length,
        days IS NOT NULL AS ended,
        NOT ended AND NOT answered AS waiting
    FROM keyed
    WHERE NOT outside AND key IS NOT NULL AND /*periods*/ TRUE
)
