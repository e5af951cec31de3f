-- Words that tell reviews apart, of one review in {one_in}, in the order of the reviews: what a comparison counts.
CREATE OR REPLACE TABLE word_sample AS
SELECT review_id, word
FROM review_words
WHERE review_id % {one_in} = 0 AND length(word) > 2 AND NOT regexp_full_match(word, '[0-9]+')
    AND NOT list_contains($common::VARCHAR[], word)
ORDER BY review_id, word
