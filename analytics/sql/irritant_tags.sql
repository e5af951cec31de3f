-- The five general tags on the reviews of one irritant: how often filled, how often negative.
WITH selected AS (
    SELECT r.accessibility, r.information, r.relation, r.responsiveness, r.simplicity
    FROM reviews r
    WHERE r.irritant = $irritant AND /*filters*/ TRUE
),
tags AS (
    UNPIVOT selected ON accessibility, information, relation, responsiveness, simplicity INTO NAME tag VALUE polarity
)
SELECT tag, count(*) AS n,
    count(*) FILTER (WHERE polarity = 'Négatif') AS negative,
    count(*) FILTER (WHERE polarity = 'Neutre') AS neutral,
    count(*) FILTER (WHERE polarity = 'Positif') AS positive
FROM tags GROUP BY tag ORDER BY n DESC, tag
