-- The irritant of each review after people's edits: that of its subject, else that of the model's irritant.
UPDATE review_topics AS t SET irritant = coalesce(s.irritant, i.irritant, m.irritant)
FROM model_review_topics AS m
LEFT JOIN moves AS i ON i.topic = m.irritant
LEFT JOIN (SELECT review_id, subject FROM review_topics) AS own ON own.review_id = m.review_id
LEFT JOIN moves AS s ON s.topic = own.subject
WHERE t.review_id = m.review_id AND t.irritant <> coalesce(s.irritant, i.irritant, m.irritant)
