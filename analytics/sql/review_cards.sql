-- What a card shows of some reviews, replies gathered in a list.
WITH chosen AS (
    SELECT unnest($ids::BIGINT[]) AS id
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
),
kinds AS (
    SELECT t.review_id, list(t.tags ORDER BY t.rank) AS tags
    FROM review_typologies AS t
    WHERE t.tags IS NOT NULL AND t.review_id IN (SELECT id FROM chosen)
    GROUP BY t.review_id
)
SELECT
    r.id, r.published_at, r.written_on, r.first_reply_at, r.title, r.body, r.sentiment, r.network, r.typology, r.structure,
    r.structure_id, r.department, d.name AS department_name, r.channels, r.endorsements, r.out_of_structure,
    {'accessibility': r.accessibility, 'information': r.information, 'relation': r.relation,
        'responsiveness': r.responsiveness, 'simplicity': r.simplicity} AS tags,
    list_concat(coalesce(r.business_tags, []), coalesce(kinds.tags, [])) AS business_tags,
    /*topic columns*/, answers.replies
FROM reviews AS r
LEFT JOIN departments AS d ON d.code = r.department
LEFT JOIN answers ON answers.review_id = r.id
LEFT JOIN kinds ON kinds.review_id = r.id
/*topics*/
WHERE r.id IN (SELECT id FROM chosen)
