-- How long after publication each structure's own reply was first seen, between the file that did not show it and the
-- file that did. Replies of the first file are left out: nobody knows since when it showed them.
WITH files AS (
    SELECT seen_at, lag(seen_at) OVER (ORDER BY seen_at) AS file_before
    FROM (SELECT DISTINCT seen_at FROM ingests WHERE seen_at IS NOT NULL)
),
told AS (
    SELECT
        p.structure_id,
        p.structure,
        -- A review that came with its reply was in no file before: its reply can be as old as the review.
        CASE
            WHEN r.first_seen_at < p.first_seen_at THEN greatest(epoch(f.file_before - r.published_at) / 86400, 0) ELSE 0
        END AS least_days,
        epoch(p.first_seen_at - r.published_at) / 86400 AS most_days
    FROM replies AS p
    JOIN reviews AS r ON r.id = p.review_id
    JOIN files AS f ON f.seen_at = p.first_seen_at
    WHERE p.body IS NOT NULL AND NOT p.canned AND p.structure_id IS NOT NULL AND f.file_before IS NOT NULL
        AND p.first_seen_at > (SELECT min(seen_at) FROM ingests)  -- the same, said of the reply: the others are not joined
        AND p.first_seen_at >= r.published_at AND /*filters*/ TRUE
)
SELECT
    structure_id,
    any_value(structure) AS name,
    count(*) AS n,
    median(least_days) AS median_least,
    median(most_days) AS median_most,
    quantile_cont(most_days, 0.9) AS p90_most
FROM told
GROUP BY structure_id
ORDER BY n DESC, structure_id
