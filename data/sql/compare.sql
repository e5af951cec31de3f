-- Reviews updated, unchanged and withdrawn since the previous snapshot (attached as `previous`).
SELECT
    count(*) FILTER (n.id IS NOT NULL AND o.id IS NOT NULL AND n.fingerprint IS DISTINCT FROM o.fingerprint) AS updated,
    count(*) FILTER (n.id IS NOT NULL AND o.id IS NOT NULL AND n.fingerprint IS NOT DISTINCT FROM o.fingerprint) AS unchanged,
    count(*) FILTER (n.id IS NULL) AS withdrawn
FROM (SELECT id, fingerprint FROM reviews) n
FULL JOIN (SELECT id, fingerprint FROM previous.reviews) o ON n.id = o.id;
