-- Earlier signals on the same irritant, or sharing two of the words at least.
SELECT s.* FROM signals s JOIN signals me ON me.id = $id
WHERE s.id <> me.id AND s.first_week <= me.first_week
  AND ((s.topic = $topic AND $topic >= 0) OR len(list_intersect(s.terms, $terms)) >= 2)
ORDER BY s.last_week DESC, s.q, s.id
