-- Reviews the detector may see on $as_of: one row a review, its age in weeks (0 = the last seven days). The
-- Hors-structures tray is not a structure; a review that names several channels says nothing of one. Names are read as
-- hashes (0 = none), a million strings being slow to carry: cell_names.sql says what they stand for. A pseudonym is only
-- ever compared, never shown: its hash is enough.
SELECT r.id, r.published_on, date_diff('day', r.published_on, $as_of) // 7 AS age,
    coalesce(t.irritant, -1) AS irritant, coalesce(t.subject, -1) AS subject,
    if(r.network IS NULL, 0::UBIGINT, hash(r.network)) AS network, if(r.typology IS NULL, 0::UBIGINT, hash(r.typology)) AS typology,
    CASE WHEN r.structure_id IS NULL OR coalesce(r.out_of_structure, FALSE) THEN 0::UBIGINT ELSE hash(r.structure_id) END AS structure,
    if(r.region IS NULL, 0::UBIGINT, hash(r.region)) AS region, if(r.department IS NULL, 0::UBIGINT, hash(r.department)) AS department,
    CASE WHEN len(r.channels) = 1 AND r.channels[1] IS NOT NULL THEN hash(r.channels[1]) ELSE 0::UBIGINT END AS channel,
    CASE WHEN trim(r.pseudonym) <> '' THEN hash(lower(trim(r.pseudonym))) ELSE 0::UBIGINT END AS author,
    coalesce(r.sentiment = 'Négatif', FALSE) AS negative
FROM reviews r JOIN review_topics t ON t.review_id = r.id
WHERE r.published_on <= $as_of AND date_diff('day', r.published_on, $as_of) < 7 * $weeks
ORDER BY r.published_on, r.id
