-- Lists of reviews, without those that were withdrawn.
UPDATE {table} AS t
SET {column} = coalesce(
    (SELECT list(u.review ORDER BY u.place) FROM (SELECT unnest(t.{column}) AS review, generate_subscripts(t.{column}, 1) AS place) u
     WHERE u.review IN (SELECT id FROM reviews)),
    []
);
