-- The replies as the portal showed them before {moment}, of the reviews known then. Before the first file, only the date of a
-- review's first reply tells whether any was made.
CREATE OR REPLACE TEMP VIEW replies AS
WITH undone AS (
    SELECT review_id, rank, {undone} FROM {base}.reply_versions WHERE until >= {moment} GROUP BY review_id, rank
),
every AS (
    SELECT * FROM {base}.replies
    UNION ALL BY NAME  -- slots that a later file emptied
    SELECT review_id, rank FROM undone ANTI JOIN {base}.replies p USING (review_id, rank)
),
told AS (
    SELECT p.*, k.later
    FROM every p
    JOIN past_reviews k ON k.id = p.review_id
),
past AS (
    SELECT p.review_id, p.rank, {columns}, CASE WHEN p.first_seen_at < {moment} THEN p.first_seen_at END AS first_seen_at
    FROM told p
    LEFT JOIN undone u ON u.review_id = p.review_id AND u.rank = p.rank
)
SELECT * FROM past WHERE coalesce(structure_id, structure, body) IS NOT NULL;
