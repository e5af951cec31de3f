-- What a card shows of some reviews, replies gathered in a list.
WITH chosen AS (
    SELECT r.* FROM reviews AS r WHERE /*condition*/ TRUE
),
answers AS (
    SELECT
        p.review_id,
        list({
            'structure': p.structure, 'structure_id': p.structure_id, 'body': p.body, 'canned': p.canned,
            'ai_similarity': p.ai_similarity, 'author_verdict': p.author_verdict,
            'useful_votes': p.useful_votes, 'useless_votes': p.useless_votes
        } ORDER BY p.rank) AS replies
    FROM replies AS p
    WHERE p.review_id IN (SELECT id FROM chosen)
    GROUP BY p.review_id
)
SELECT
    r.id, r.published_at, r.written_on, r.first_reply_at, r.title, r.body, r.sentiment, r.network, r.typology, r.structure,
    r.structure_id, r.department, d.name AS department_name, r.channels, r.endorsements, r.out_of_structure,
    /*topic columns*/, answers.replies
FROM chosen AS r
LEFT JOIN departments AS d ON d.code = r.department
LEFT JOIN answers ON answers.review_id = r.id
/*topics*/
