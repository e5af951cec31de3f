-- Words of the reviews given by id: lower case, without accents, cut to seven letters (a plain stem), as numbers; one row a
-- word, in the order of each text.
SELECT r.id, unnest(list_transform(
    regexp_extract_all(lower(strip_accents(concat_ws(' . ', r.title, r.body))), '[a-z0-9]{2,}'), lambda w: hash(w[1:7])
)) AS token
FROM reviews r JOIN (SELECT unnest($ids) AS id) chosen ON chosen.id = r.id
