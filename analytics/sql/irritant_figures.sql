-- Figures of each irritant over the selected reviews. Canned non-replies are not answers; Hors-structures reviews
-- have nobody to answer them and stay out of the unanswered share.
WITH selected AS (
    SELECT r.id, t.irritant, r.sentiment, r.endorsements, r.out_of_structure, r.published_at, r.first_reply_at
    FROM reviews r JOIN review_topics t ON t.review_id = r.id
    WHERE /*filters*/ TRUE
),
answered AS (
    SELECT DISTINCT p.review_id FROM replies p WHERE p.body IS NOT NULL AND NOT p.canned
),
measured AS (
    SELECT s.*, a.review_id IS NOT NULL AS is_answered,
        CASE WHEN a.review_id IS NOT NULL AND s.first_reply_at >= s.published_at
             THEN epoch(s.first_reply_at - s.published_at) / 86400 END AS days
    FROM selected s LEFT JOIN answered a ON a.review_id = s.id
)
SELECT irritant AS id,
    count(*) AS n,
    avg((sentiment = 'Négatif')::INTEGER) AS share_negative,
    avg((NOT is_answered)::INTEGER) FILTER (WHERE NOT coalesce(out_of_structure, FALSE)) AS unanswered_share,
    median(days) AS median_days,
    coalesce(sum(endorsements), 0)::BIGINT AS endorsements
FROM measured GROUP BY irritant
