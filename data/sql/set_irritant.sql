-- Write beside each review its irritant, people's edits included.
UPDATE reviews AS r SET irritant = t.irritant
FROM review_topics AS t
WHERE t.review_id = r.id AND r.irritant IS DISTINCT FROM t.irritant
