-- Words that tell reviews apart, of one review in {one_in}, in the order of the reviews: what a comparison counts.
CREATE OR REPLACE TABLE word_sample AS
SELECT DISTINCT p.review_id, v.word
FROM review_words AS w
JOIN review_places AS p ON p.place = w.place
JOIN vocabulary AS v ON v.id = w.word
WHERE p.review_id % {one_in} = 0 AND length(v.word) > 2 AND NOT regexp_full_match(v.word, '[0-9]+')
    AND NOT list_contains($common::VARCHAR[], v.word)
ORDER BY p.review_id, v.word
