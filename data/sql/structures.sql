-- One row a structure. Of a repeated code the last row is kept.
INSERT INTO structures BY NAME
SELECT
    trim(r.id) AS id,
    network.value AS network,
    typology.value AS typology,
    trim(r.name) AS name,
    r.public_name,
    r.description,
    r.parent_id,
    r.parent_name,
    nullif(concat_ws(', ', r.address, r.address_more), '') AS address,
    CASE WHEN r.country = 'France' AND r.department IS NOT NULL THEN postcode_of(r.postcode) ELSE r.postcode END AS postcode,
    r.city,
    r.country,
    r.website,
    r.mailbox,
    yes(r.active) AS active,
    regexp_replace(r.city_code, '^com', '') AS city_code,
    department.value AS department,
    region.value AS region
FROM scratch.raw r
LEFT JOIN scratch.names network ON network.key = r.network
LEFT JOIN scratch.names typology ON typology.key = r.typology
LEFT JOIN scratch.areas department ON department.key = r.department
LEFT JOIN scratch.areas region ON region.key = r.region
WHERE trim(r.id) <> ''
QUALIFY row_number() OVER (PARTITION BY trim(r.id) ORDER BY r.rowid DESC) = 1;
