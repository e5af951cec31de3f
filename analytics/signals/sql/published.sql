-- Signals whose reviews meet the selection, surest first within the most recent.
SELECT s.* FROM signals s
WHERE ($detectors IS NULL OR list_contains($detectors, s.detector))
  AND ($strengths IS NULL OR list_contains($strengths, s.strength))
  AND ($since IS NULL OR s.last_week >= $since)
  AND EXISTS (SELECT 1 FROM reviews r WHERE list_contains(s.review_ids, r.id) AND /*filters*/ TRUE)
ORDER BY s.as_of DESC, s.q, s.p, s.id
