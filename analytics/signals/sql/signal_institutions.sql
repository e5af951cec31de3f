-- Structures of a signal's reviews, largest excess first; usual = reviews on the same irritant over the year before, for as
-- many weeks as the signal spans.
WITH now AS (
    SELECT r.structure_id, any_value(r.structure) AS structure, any_value(r.typology) AS typology, count(*) AS reviews
    FROM reviews r WHERE list_contains($ids, r.id) GROUP BY r.structure_id
), before AS (
    SELECT r.structure_id, count(*) AS n
    FROM reviews r JOIN review_topics t ON t.review_id = r.id
    WHERE t.irritant = $topic AND r.published_on < $first AND date_diff('day', r.published_on, $first) < 364
    GROUP BY r.structure_id
)
SELECT coalesce(now.structure, 'Sans structure') AS structure, now.typology, now.reviews,
    round(coalesce(before.n, 0) * $weeks / 52.0, 2) AS usual,
    round(now.reviews - coalesce(before.n, 0) * $weeks / 52.0, 2) AS excess
FROM now LEFT JOIN before ON before.structure_id = now.structure_id
ORDER BY excess DESC, structure
