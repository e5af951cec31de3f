-- What the portal says of published replies to these reviews: the one of the structure that sent it, else the first.
WITH sent AS (
    SELECT unnest($reviews::BIGINT[]) AS review_id, unnest($structures::VARCHAR[]) AS structure_id
),
published AS (
    SELECT p.*
    FROM sent AS s
    JOIN replies AS p ON p.review_id = s.review_id
    WHERE NOT p.canned AND p.body IS NOT NULL
    QUALIFY row_number() OVER (
        PARTITION BY p.review_id ORDER BY (p.structure_id IS NOT DISTINCT FROM s.structure_id) DESC, p.rank
    ) = 1
)
SELECT review_id, coalesce(author_verdict, ''), coalesce(useful_votes, 0), coalesce(useless_votes, 0)
FROM published
WHERE author_verdict IS NOT NULL OR coalesce(useful_votes, 0) + coalesce(useless_votes, 0) > 0
ORDER BY review_id
