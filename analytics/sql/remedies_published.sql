-- Actions declared on the portal for the reviews of an irritant, the same words of a structure counted once.
SELECT
    trim(r.action) AS action, r.structure, min(r.action_started) AS started, max(r.action_done) AS done,
    count(*) AS n, max(r.id) AS review_id
FROM reviews AS r
WHERE r.irritant = $irritant AND trim(r.action) <> '' AND /*filters*/ TRUE
GROUP BY trim(r.action), r.structure
ORDER BY coalesce(max(r.action_done), min(r.action_started)) DESC NULLS LAST, n DESC, action
LIMIT $most
