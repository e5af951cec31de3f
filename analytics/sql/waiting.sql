-- Reviews no structure has answered (a canned non-reply is not an answer), most pressing first.
-- score = urgency x age: urgency is 3 for a negative review, 2 neutral, 1 positive, up to doubled by 10 endorsements;
-- age in days since publication at the last publication day held, the day itself counting as one.
WITH open_reviews AS (
    SELECT
        r.id, r.published_at, r.out_of_structure,
        date_diff('day', r.published_on, $today::DATE) AS days,
        CASE r.sentiment WHEN 'Négatif' THEN 3 WHEN 'Neutre' THEN 2 ELSE 1 END
            * (1 + least(coalesce(r.endorsements, 0), 10) / 10.0) AS urgency
    FROM reviews AS r
    WHERE /*filters*/ TRUE
      AND NOT list_contains($skip::BIGINT[], r.id)
      AND NOT EXISTS (FROM replies AS p WHERE p.review_id = r.id AND p.body IS NOT NULL AND NOT p.canned)
      AND (r.first_reply_at IS NULL OR EXISTS (FROM replies AS p WHERE p.review_id = r.id AND p.canned))
      AND ($outside OR NOT coalesce(r.out_of_structure, false))
)
