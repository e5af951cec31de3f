-- Ids of a page of reviews: filters, words, answered or not.
SELECT r.id
FROM reviews AS r
WHERE /*filters*/ TRUE
  AND (NOT $unanswered OR r.first_reply_at IS NULL)
  AND /*words*/ TRUE
ORDER BY /*order*/
LIMIT $limit OFFSET $offset
