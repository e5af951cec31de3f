-- What the measures need of each selected review; other queries start with these named sets.
-- A canned non-reply is not an answer: its date is not one either. Without reply texts in the file, the date or the
-- status says that an answer exists. "Hors structure" reviews have nobody to answer them. Negative delays are dropped.
-- Told as it stood at the moment /*as_of*/: a later reply had not been made.
WITH measured AS (
    SELECT
        r.*,
        coalesce(r.out_of_structure, FALSE) AS outside,
        coalesce(r.only_canned, FALSE) AS canned,
        CASE WHEN NOT canned THEN r.first_reply_at END AS replied_at,
        coalesce(replied_at >= /*as_of*/ TIMESTAMP '9999-01-01', FALSE) AS later,
        CASE WHEN later THEN 0 ELSE coalesce(r.useful_verdicts, 0) END AS useful,
        CASE WHEN later THEN 0 ELSE coalesce(r.verdicts, 0) END AS judged,
        NOT canned AND NOT later AND (
            coalesce(r.replied, FALSE) OR r.first_reply_at IS NOT NULL OR coalesce(r.status = 'Expérience avec réponse', FALSE)
        ) AS answered,
        CASE WHEN NOT later THEN epoch(replied_at - /*basis*/ r.published_at) / 86400 END AS delay,
        CASE WHEN delay >= 0 THEN delay END AS days
    FROM reviews AS r
    WHERE /*filters*/ TRUE
)
