-- Reviews of an irritant marked as an improvement to consider.
SELECT count(*) FROM reviews AS r JOIN review_topics AS t ON t.review_id = r.id
WHERE t.irritant = $irritant AND r.improvement AND /*filters*/ TRUE
