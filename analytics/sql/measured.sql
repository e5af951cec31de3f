-- What the measures need of each selected review; other queries start with these named sets.
-- A canned non-reply is not an answer: its date is not one either. Without reply texts in the file, the date or the
-- status says that an answer exists. "Hors structure" reviews have nobody to answer them. Negative delays are dropped.
-- Told as it stood at the moment /*as_of*/: a later reply had not been made.
WITH selected AS (
    SELECT r.*, coalesce(r.out_of_structure, FALSE) AS outside FROM reviews AS r WHERE /*filters*/ TRUE
),
answers AS (
    SELECT
        p.review_id,
        bool_or(p.canned) AND NOT bool_or(p.body IS NOT NULL AND NOT p.canned) AS canned,
        bool_or(p.body IS NOT NULL AND NOT p.canned) AS answered,
        count(*) FILTER (WHERE p.author_verdict = 'utile' AND NOT p.canned) AS useful,
        count(p.author_verdict) FILTER (WHERE NOT p.canned) AS judged
    FROM replies AS p
    WHERE p.body IS NOT NULL OR p.author_verdict IS NOT NULL
    GROUP BY p.review_id
),
measured AS (
    SELECT
        s.*,
        coalesce(a.canned, FALSE) AS canned,
        CASE WHEN NOT coalesce(a.canned, FALSE) THEN s.first_reply_at END AS replied_at,
        coalesce(replied_at >= /*as_of*/ TIMESTAMP '9999-01-01', FALSE) AS later,
        CASE WHEN later THEN 0 ELSE coalesce(a.useful, 0) END AS useful,
        CASE WHEN later THEN 0 ELSE coalesce(a.judged, 0) END AS judged,
        NOT coalesce(a.canned, FALSE) AND NOT later AND (
            coalesce(a.answered, FALSE) OR s.first_reply_at IS NOT NULL OR coalesce(s.status = 'Expérience avec réponse', FALSE)
        ) AS answered,
        CASE WHEN NOT later THEN epoch(replied_at - /*basis*/ s.published_at) / 86400 END AS delay,
        CASE WHEN delay >= 0 THEN delay END AS days
    FROM selected AS s
    LEFT JOIN answers AS a ON a.review_id = s.id
)
