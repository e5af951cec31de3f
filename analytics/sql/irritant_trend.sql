-- Reviews of each irritant in each of the last $blocks blocks of four weeks ending at $last (block 0 is the oldest).
WITH selected AS (
    SELECT r.irritant, $blocks - 1 - date_diff('day', r.published_on, $last) // 28 AS block
    FROM reviews r
    WHERE r.irritant IS NOT NULL AND /*filters*/ TRUE
)
SELECT irritant AS id, block, count(*) AS n FROM selected WHERE block BETWEEN 0 AND $blocks - 1 GROUP BY ALL
