-- What this file replaced in the replies (or the typologies) of each review it changed; a slot that was empty is all NULL before.
INSERT INTO {versions} BY NAME
WITH updated AS (
    SELECT id FROM reviews WHERE changed_at = $seen::TIMESTAMP
),
former AS (SELECT * FROM previous.{table} WHERE review_id IN (SELECT id FROM updated)),
latter AS (SELECT * FROM {table} WHERE review_id IN (SELECT id FROM updated))
SELECT
    coalesce(n.review_id, o.review_id) AS review_id,
    coalesce(n.rank, o.rank) AS rank,
    $seen::TIMESTAMP AS until,
    list_filter([{differs}], lambda name: name IS NOT NULL) AS changed,
    {kept}
FROM latter n
FULL JOIN former o ON o.review_id = n.review_id AND o.rank = n.rank
WHERE len(changed) > 0;
