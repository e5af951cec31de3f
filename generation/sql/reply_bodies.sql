-- What a reply says today; nothing when it was withdrawn.
SELECT body FROM replies
WHERE review_id = $id AND rank = $rank AND body IS NOT NULL AND NOT canned
  AND coalesce(status, '') NOT ILIKE '%retir%' AND coalesce(status, '') NOT ILIKE '%supprim%'
