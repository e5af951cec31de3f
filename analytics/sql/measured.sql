-- What the measures need of each selected review; other queries start with these named sets.
-- A canned non-reply is not an answer: its date is not one either. Without reply texts in the file, the date or the
-- status says that an answer exists. "Hors structure" reviews have nobody to answer them. Negative delays are dropped.
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
        coalesce(a.useful, 0) AS useful,
        coalesce(a.judged, 0) AS judged,
        NOT coalesce(a.canned, FALSE) AND (
            coalesce(a.answered, FALSE) OR s.first_reply_at IS NOT NULL OR s.status = 'Expérience avec réponse'
        ) AS answered,
        CASE WHEN NOT coalesce(a.canned, FALSE) THEN s.first_reply_at END AS replied_at,
        epoch(replied_at - /*basis*/ s.published_at) / 86400 AS delay,
        CASE WHEN delay >= 0 THEN delay END AS days
    FROM selected AS s
    LEFT JOIN answers AS a ON a.review_id = s.id
)
