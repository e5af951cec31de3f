-- One structure's public record.
SELECT id, name, public_name, typology, website, address, postcode, city
FROM structures
WHERE id = $id
