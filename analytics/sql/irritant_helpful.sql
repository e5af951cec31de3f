-- Reviews of an irritant whose reply was judged useful, one of each structure first.
WITH judged AS (
    SELECT
        r.id, r.published_at, p.structure_id, bool_or(p.author_verdict = 'utile') AS author,
        sum(coalesce(p.useful_votes, 0) - coalesce(p.useless_votes, 0)) AS votes
    FROM reviews AS r
    JOIN replies AS p ON p.review_id = r.id AND p.body IS NOT NULL AND NOT p.canned
    WHERE r.irritant = $irritant AND (p.author_verdict = 'utile' OR p.useful_votes > coalesce(p.useless_votes, 0))
      AND coalesce(p.author_verdict, '') <> 'pas utile' AND /*filters*/ TRUE
    GROUP BY r.id, r.published_at, p.structure_id
)
SELECT id FROM judged
ORDER BY row_number() OVER (PARTITION BY structure_id ORDER BY author DESC, votes DESC, published_at DESC),
    author DESC, votes DESC, published_at DESC, id
LIMIT $limit
