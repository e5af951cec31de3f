-- The signals, and what was rare and rising, as told before {moment}. What an analysis told of no day but its own has no
-- `told_at` in snapshots of an earlier version: the day judged stands for it.
CREATE OR REPLACE TEMP VIEW told_then AS
SELECT v.* FROM {base}.signal_versions AS v WHERE v.told_at < {moment} AND v.until >= {moment};
CREATE OR REPLACE TEMP VIEW signals AS
SELECT s.* FROM {base}.signals AS s WHERE coalesce(s.told_at, s.as_of) < {moment}
UNION ALL BY NAME
SELECT v.* EXCLUDE (until, watched, curve) FROM told_then AS v WHERE NOT v.watched;
CREATE OR REPLACE TEMP VIEW watch_list AS
SELECT w.* FROM {base}.watch_list AS w WHERE coalesce(w.told_at, w.as_of) < {moment}
UNION ALL BY NAME
SELECT v.* EXCLUDE (until, watched, curve) FROM told_then AS v WHERE v.watched;
CREATE OR REPLACE TEMP VIEW signal_weeks AS
SELECT w.* FROM {base}.signal_weeks AS w
WHERE w.signal_id IN (SELECT id FROM {base}.signals AS s WHERE coalesce(s.told_at, s.as_of) < {moment})
UNION ALL BY NAME
SELECT signal_id, unnest(week) FROM (SELECT id AS signal_id, unnest(curve) AS week FROM told_then WHERE NOT watched);
