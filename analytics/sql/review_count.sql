-- How many reviews review_ids.sql goes through.
SELECT count(*)
FROM reviews AS r
WHERE /*filters*/ TRUE
  AND (NOT $unanswered OR r.first_reply_at IS NULL)
  AND (len($words::VARCHAR[]) = 0 OR list_bool_and(list_transform(
      $words::VARCHAR[],
      lambda w: contains(lower(strip_accents(concat_ws(' ', r.title, r.body))), lower(strip_accents(w)))
  )))
