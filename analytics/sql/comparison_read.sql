-- Reviews of two selections, and those of them that are in word_sample (one in $one_in).
SELECT
    count(*) FILTER (/*first*/ TRUE), count(*) FILTER (/*second*/ TRUE),
    count(*) FILTER ((/*first*/ TRUE) AND r.id % $one_in = 0), count(*) FILTER ((/*second*/ TRUE) AND r.id % $one_in = 0)
FROM reviews AS r WHERE (/*first*/ TRUE) OR (/*second*/ TRUE)
