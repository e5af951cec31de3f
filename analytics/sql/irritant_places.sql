-- Over how many institutions and places the selected reviews of each irritant are spread. Unassigned included.
WITH places AS (
    SELECT DISTINCT t.irritant AS id, r.structure_id, r.typology, r.department
    FROM reviews AS r JOIN review_topics AS t ON t.review_id = r.id
    WHERE /*filters*/ TRUE
)
SELECT
    id, count(DISTINCT structure_id) AS structures, count(DISTINCT typology) AS typologies,
    count(DISTINCT department) AS departments
FROM places GROUP BY id
