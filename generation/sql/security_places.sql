-- Towns with premises of only one of gendarmerie and police.
WITH premises AS (
    SELECT lower(strip_accents(city)) AS city,
        bool_or(typology ILIKE '%gendarmerie%') AS gendarmerie,
        bool_or(typology ILIKE '%police%' OR typology ILIKE '%commissariat%') AS police
    FROM structures
    WHERE coalesce(active, true) AND city IS NOT NULL
    GROUP BY ALL
)
SELECT city, CASE WHEN gendarmerie THEN 'gendarmerie' ELSE 'police' END AS kind
FROM premises
WHERE gendarmerie <> police
