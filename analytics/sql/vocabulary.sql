-- Of each typed word: its number when reviews hold it, the numbers of the words it begins, the last place of a review.
SELECT
    t.word,
    any_value(v.id) FILTER (v.word = t.word),
    min(v.id),
    max(v.id),
    (SELECT greatest(max(place), 0) FROM review_places)
FROM (SELECT unnest($typed::VARCHAR[]) AS word) AS t
JOIN vocabulary AS v ON v.word >= t.word AND v.word < t.word || chr(65535)
GROUP BY t.word
