-- What derives of each review, of what was known before {moment}: nothing tells what reading a text that changed since found,
-- nor where a review would have been routed.
CREATE OR REPLACE TEMP VIEW review_measures AS
SELECT m.* REPLACE (
    CASE WHEN NOT changed THEN m.language END AS language,
    CASE WHEN NOT changed THEN m.personal END AS personal,
    CASE WHEN NOT changed THEN m.distress END AS distress
)
FROM (
    SELECT *, review_id IN (
        SELECT review_id FROM {base}.review_versions WHERE until >= {moment} AND list_has_any(changed, ['title', 'body'])
    ) AS changed
    FROM {base}.review_measures
) AS m;
CREATE OR REPLACE TEMP VIEW review_metadata AS
{metadata}
