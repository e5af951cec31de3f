-- The same, told by what the analysis in service found of the texts: those that changed since are like no other.
SELECT r.id, m.copy_of AS said
FROM reviews AS r
JOIN {base}.review_metadata AS m ON m.review_id = r.id
WHERE m.copy_of IS NOT NULL AND r.id NOT IN (
    SELECT review_id FROM {base}.review_versions WHERE until >= {moment} AND list_has_any(changed, ['title', 'body'])
)
