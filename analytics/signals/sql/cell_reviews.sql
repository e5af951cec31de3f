-- Reviews the detector may see on $as_of: one row a review, its age in weeks (0 = the last seven days). The
-- Hors-structures tray is not a structure; a review that names several channels says nothing of one. A pseudonym is
-- only ever compared, never shown: its hash is enough.
SELECT r.id, r.published_on, date_diff('day', r.published_on, $as_of) // 7 AS age, t.irritant, t.subject,
    r.network, r.typology, CASE WHEN NOT coalesce(r.out_of_structure, FALSE) THEN r.structure_id END AS structure,
    r.region, r.department, CASE WHEN len(r.channels) = 1 THEN r.channels[1] END AS channel,
    CASE WHEN trim(r.pseudonym) <> '' THEN hash(lower(trim(r.pseudonym))) END AS author,
    r.sentiment = 'Négatif' AS negative
FROM reviews r JOIN review_topics t ON t.review_id = r.id
WHERE r.published_on <= $as_of AND date_diff('day', r.published_on, $as_of) < 7 * $weeks
ORDER BY r.published_on, r.id
