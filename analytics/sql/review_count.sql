-- How many reviews review_ids.sql goes through.
SELECT count(*)
FROM reviews AS r
WHERE /*filters*/ TRUE
  AND (NOT $unanswered OR r.first_reply_at IS NULL)
  AND /*words*/ TRUE
