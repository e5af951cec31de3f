-- The reviews with what their replies amounted to: counted again for those whose replies changed since.
CREATE OR REPLACE TEMP VIEW reviews AS
WITH touched AS (
    SELECT DISTINCT review_id FROM {base}.reply_versions WHERE until >= {moment}
),
again AS (
    {replied}
)
SELECT r.* EXCLUDE (later) REPLACE (
    CASE WHEN t.review_id IS NOT NULL THEN a.replied WHEN NOT r.later THEN r.replied END AS replied,
    CASE WHEN t.review_id IS NOT NULL THEN a.only_canned WHEN NOT r.later THEN r.only_canned END AS only_canned,
    CASE WHEN t.review_id IS NOT NULL THEN a.verdicts WHEN NOT r.later THEN r.verdicts END AS verdicts,
    CASE WHEN t.review_id IS NOT NULL THEN a.useful_verdicts WHEN NOT r.later THEN r.useful_verdicts END AS useful_verdicts
)
FROM past_reviews AS r
LEFT JOIN touched AS t ON t.review_id = r.id
LEFT JOIN again AS a ON a.review_id = r.id;
