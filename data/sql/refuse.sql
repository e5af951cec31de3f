-- Records that can't become a review, with the first reason that holds. Of a repeated id the last record is kept.
INSERT INTO scratch.refused
WITH keyed AS (
    SELECT row, file, line, id AS id_text, published AS published_text, identifier(id) AS id, moment(published) AS published_at,
           title IS NULL AND body IS NULL AS empty
    FROM clean
),
faulty AS (
    SELECT row, file, line, id,
           CASE
               WHEN id_text IS NULL THEN 'ID expérience absent'
               WHEN id IS NULL OR id < 0 THEN 'ID expérience illisible : ' || id_text[:40]
               WHEN published_text IS NULL THEN 'Date de publication absente'
               WHEN published_at IS NULL THEN 'Date de publication illisible : ' || published_text[:40]
               WHEN empty THEN 'Titre et Description absents'
           END AS reason
    FROM keyed
),
repeated AS (
    SELECT id, max(row) AS last FROM faulty WHERE reason IS NULL GROUP BY id HAVING count(*) > 1
)
SELECT row, file, line, reason, NULL FROM faulty WHERE reason IS NOT NULL
UNION ALL
SELECT f.row, f.file, f.line, 'ID expérience répété : ' || f.id || ' ; la dernière ligne est gardée', NULL
FROM faulty f JOIN repeated r ON f.id = r.id AND f.row < r.last
WHERE f.reason IS NULL;
