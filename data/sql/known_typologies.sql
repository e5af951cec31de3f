-- The typologies of the reviews known then, as the portal showed them before {moment}.
CREATE OR REPLACE TEMP VIEW review_typologies AS
WITH undone AS (
    SELECT review_id, rank, {undone} FROM {base}.typology_versions WHERE until >= {moment} GROUP BY review_id, rank
),
every AS (
    SELECT * FROM {base}.review_typologies
    UNION ALL BY NAME  -- slots that a later file emptied
    SELECT review_id, rank FROM undone ANTI JOIN {base}.review_typologies p USING (review_id, rank)
),
past AS (
    SELECT p.review_id, p.rank, {columns}
    FROM every p
    JOIN past_reviews k ON k.id = p.review_id
    LEFT JOIN undone u ON u.review_id = p.review_id AND u.rank = p.rank
)
SELECT * FROM past WHERE label IS NOT NULL;
CREATE OR REPLACE TEMP VIEW typology_versions AS SELECT * FROM {base}.typology_versions WHERE until < {moment};
