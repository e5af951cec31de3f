-- Over how many institutions and places the selected reviews of each irritant are spread. Unassigned included.
WITH places AS (
    SELECT DISTINCT r.irritant AS id, r.structure_id, r.typology, r.department
    FROM reviews AS r
    WHERE r.irritant IS NOT NULL AND /*filters*/ TRUE
)
SELECT
    id, count(DISTINCT structure_id) AS structures, count(DISTINCT typology) AS typologies,
    count(DISTINCT department) AS departments
FROM places GROUP BY id
