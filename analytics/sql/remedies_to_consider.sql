-- Reviews of an irritant marked as an improvement to consider.
SELECT count(*) FROM reviews AS r
WHERE r.irritant = $irritant AND r.improvement AND /*filters*/ TRUE
