-- A signal told again with the same figures keeps the moment it was told; another is told by the last file, and what it replaces
-- is kept, unless the same file told both. What an earlier version did not tell at all is no difference.
CREATE OR REPLACE TEMP TABLE told_now AS
SELECT *, FALSE AS watched FROM signals UNION ALL BY NAME SELECT *, TRUE AS watched FROM watch_list;
CREATE OR REPLACE TEMP TABLE unchanged AS
SELECT id, watched FROM (
    SELECT b.* EXCLUDE (told_at, curve) REPLACE (
        coalesce(b.weeks, n.weeks) AS weeks,
        if(b.weeks IS NULL, n.second_years, b.second_years) AS second_years,
        if(b.weeks IS NULL, n.second_bound, b.second_bound) AS second_bound,
        if(b.weeks IS NULL, n.second_alarm, b.second_alarm) AS second_alarm
    )
    FROM told_before AS b JOIN told_now AS n ON n.id = b.id AND n.watched = b.watched
    INTERSECT SELECT * EXCLUDE (told_at) FROM told_now
);
CREATE OR REPLACE TEMP TABLE moment AS
SELECT coalesce(max(coalesce(seen_at, ran_at)), (SELECT max(as_of) FROM told_now)) AS seen FROM ingests;
UPDATE signals SET told_at = coalesce(b.told_at, b.as_of)
FROM told_before AS b JOIN unchanged AS u ON u.id = b.id AND u.watched = b.watched WHERE b.id = signals.id AND NOT b.watched;
UPDATE watch_list SET told_at = coalesce(b.told_at, b.as_of)
FROM told_before AS b JOIN unchanged AS u ON u.id = b.id AND u.watched = b.watched WHERE b.id = watch_list.id AND b.watched;
UPDATE signals SET told_at = (SELECT seen FROM moment) WHERE told_at IS NULL;
UPDATE watch_list SET told_at = (SELECT seen FROM moment) WHERE told_at IS NULL;
INSERT INTO signal_versions BY NAME
SELECT * REPLACE (coalesce(told_at, as_of) AS told_at), (SELECT seen FROM moment) AS until
FROM told_before AS b ANTI JOIN unchanged AS u ON u.id = b.id AND u.watched = b.watched
WHERE coalesce(told_at, as_of) < (SELECT seen FROM moment)
