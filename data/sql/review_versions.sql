-- What this file replaced in each review it changed. {differs}: the columns' comparisons; {kept}: their former values.
INSERT INTO review_versions BY NAME
WITH updated AS (
    SELECT id FROM reviews WHERE changed_at = $seen::TIMESTAMP
),
former AS (SELECT * FROM previous.reviews WHERE id IN (SELECT id FROM updated)),
latter AS (SELECT * FROM reviews WHERE id IN (SELECT id FROM updated))
SELECT n.id AS review_id, $seen::TIMESTAMP AS until, list_filter([{differs}], lambda name: name IS NOT NULL) AS changed, {kept}
FROM latter n
JOIN former o ON o.id = n.id
WHERE len(changed) > 0;
