-- Reviews of one cell by age in weeks before $as_of (0 = the last seven days): one row for each week in which its place
-- received any review.
SELECT date_diff('day', r.published_on, $as_of) // 7 AS age,
    count(*) FILTER (t.irritant = $topic AND ($subject IS NULL OR t.subject = $subject)) AS n
FROM reviews r JOIN review_topics t ON t.review_id = r.id
WHERE r.published_on <= $as_of AND date_diff('day', r.published_on, $as_of) < 7 * $weeks
  AND ($network IS NULL OR r.network = $network)
  AND ($typology IS NULL OR r.typology = $typology)
  AND ($structure IS NULL OR (r.structure_id = $structure AND NOT coalesce(r.out_of_structure, FALSE)))
  AND ($region IS NULL OR r.region = $region)
  AND ($departments IS NULL OR list_contains($departments, r.department))
  AND ($channel IS NULL OR (len(r.channels) = 1 AND r.channels[1] = $channel))
GROUP BY age
