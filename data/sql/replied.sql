-- What the measures need of the replies of a review, one row each. A canned non-reply is not an answer.
SELECT
    review_id,
    bool_or(body IS NOT NULL AND NOT canned) AS replied,
    bool_or(canned) AND NOT replied AS only_canned,
    count(author_verdict) FILTER (WHERE NOT canned)::INTEGER AS verdicts,
    count(*) FILTER (WHERE author_verdict = 'utile' AND NOT canned)::INTEGER AS useful_verdicts
FROM replies
WHERE body IS NOT NULL OR author_verdict IS NOT NULL
GROUP BY review_id
