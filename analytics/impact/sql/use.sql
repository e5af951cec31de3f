-- What became of the AI's drafts in the real replies of each month.
SELECT
    date_trunc('month', r.published_on)::DATE AS month,
    count(*) AS replies,
    count(*) FILTER (WHERE p.ai_similarity >= 100) AS as_proposed,
    count(*) FILTER (WHERE p.ai_similarity >= 50 AND p.ai_similarity < 100) AS kept,
    count(*) FILTER (WHERE p.ai_similarity < 50) AS reworked,
    count(*) FILTER (WHERE p.ai_similarity IS NULL) AS without
FROM replies AS p
JOIN reviews AS r ON r.id = p.review_id
WHERE p.body IS NOT NULL AND NOT p.canned AND ($structure IS NULL OR p.structure_id = $structure)
GROUP BY month
ORDER BY month
