-- The reviews as the portal showed them before {moment}. A review of the first file counts from its publication: nothing tells
-- when it appeared. A withdrawn one was erased: it is in no past either.
CREATE OR REPLACE TEMP VIEW past_reviews AS
WITH undone AS (
    SELECT review_id, {undone} FROM {base}.review_versions WHERE until >= {moment} GROUP BY review_id
)
SELECT r.id, {columns}, r.fingerprint, r.first_seen_at, CASE WHEN r.changed_at < {moment} THEN r.changed_at END AS changed_at
FROM {base}.reviews r
LEFT JOIN undone u ON u.review_id = r.id
WHERE CASE WHEN r.first_seen_at > {start} THEN r.first_seen_at ELSE r.published_at END < {moment};
