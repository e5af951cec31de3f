-- Ids of a page of reviews: filters, words (all of them, case and accents ignored), answered or not.
SELECT r.id
FROM reviews AS r
WHERE /*filters*/ TRUE
  AND (NOT $unanswered OR r.first_reply_at IS NULL)
  AND (len($words::VARCHAR[]) = 0 OR list_bool_and(list_transform(
      $words::VARCHAR[],
      lambda w: contains(lower(strip_accents(concat_ws(' ', r.title, r.body))), lower(strip_accents(w)))
  )))
ORDER BY /*order*/
LIMIT $limit OFFSET $offset
