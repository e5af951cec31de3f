-- The reviews as the portal showed them before {moment}. A review of the first file counts from its publication: nothing tells
-- when it appeared. A withdrawn one was erased: it is in no past either. `later`: its first reply was not made yet.
CREATE OR REPLACE TEMP VIEW past_reviews AS
WITH undone AS (
    SELECT review_id, {undone} FROM {base}.review_versions WHERE until >= {moment} GROUP BY review_id
),
changes AS (
    SELECT review_id, max(until) AS until
    FROM (SELECT review_id, until FROM {base}.review_versions UNION ALL SELECT review_id, until FROM {base}.reply_versions)
    WHERE until < {moment}
    GROUP BY review_id
),
past AS (
    SELECT
        r.id, {columns}, r.fingerprint, r.first_seen_at, CASE WHEN r.changed_at < {moment} THEN r.changed_at ELSE c.until END AS changed_at,
        {kept}, r.first_reply_at AS replied_at
    FROM {base}.reviews r
    LEFT JOIN undone u ON u.review_id = r.id
    LEFT JOIN changes c ON c.review_id = r.id
    WHERE CASE WHEN r.first_seen_at > {start} THEN r.first_seen_at ELSE r.published_at END < {moment}
)
SELECT * EXCLUDE (replied_at), first_reply_at IS NULL AND coalesce(replied_at >= {moment}, FALSE) AS later FROM past;
