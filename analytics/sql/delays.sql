/*measured*/
-- One row a review that a structure can answer: who owes the reply, how long it took or has been waiting.
SELECT
    structure_id,
    date_trunc('month', published_on)::DATE AS month,
    coalesce(days, epoch($end::TIMESTAMP - /*basis*/ published_at) / 86400) AS days,
    days IS NOT NULL AS ended,
    answered
FROM measured
WHERE NOT outside AND /*basis*/ published_at IS NOT NULL AND (days IS NOT NULL OR NOT answered)
