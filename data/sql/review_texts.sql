-- Reviews whose text has the same letters have the same number `said`.
SELECT
    id,
    lower(strip_accents(concat_ws(' ', title, body))) AS folded,
    regexp_replace(folded, '[^a-z]+', '', 'g') AS letters,
    CASE WHEN length(letters) >= 40 THEN md5_number_lower(letters) END AS said
FROM reviews
