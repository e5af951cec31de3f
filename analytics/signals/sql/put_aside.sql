-- What the snapshot tells before it is judged again, each signal with its curve.
CREATE OR REPLACE TEMP TABLE told_before AS
SELECT s.*, FALSE AS watched, c.curve
FROM signals AS s
LEFT JOIN (
    SELECT
        signal_id,
        list({'week': week, 'observed': observed, 'expected': expected, 'low': low, 'high': high} ORDER BY week) AS curve
    FROM signal_weeks
    GROUP BY signal_id
) AS c ON c.signal_id = s.id
UNION ALL BY NAME
SELECT w.*, TRUE AS watched FROM watch_list AS w
