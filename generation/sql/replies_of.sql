-- Past replies by (review, rank) with the title of what they answered.
WITH wanted AS (SELECT unnest($ids::BIGINT[]) AS review_id, unnest($ranks::INTEGER[]) AS rank)
SELECT p.review_id, p.rank, p.body, r.title, p.structure_id, p.structure, p.author_verdict, r.typology
FROM replies p
SEMI JOIN wanted w ON w.review_id = p.review_id AND w.rank = p.rank
JOIN reviews r ON r.id = p.review_id
WHERE list_contains($ids, p.review_id) AND list_contains($ids, r.id)
