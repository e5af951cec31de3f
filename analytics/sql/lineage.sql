
-- Follows the named sets of measured.sql: how many reviews of the selection each rule keeps or leaves aside.
SELECT
    (SELECT count(*) FROM reviews) AS every,
    count(*) AS n,
    count(sentiment) AS felt,
    count(*) FILTER (WHERE sentiment = 'Négatif') AS negative,
    count(*) FILTER (WHERE outside) AS outside,
    count(*) FILTER (WHERE NOT outside) AS answerable,
    count(*) FILTER (WHERE NOT outside AND answered) AS answered,
    count(*) FILTER (WHERE NOT outside AND canned) AS canned,
    count(*) FILTER (WHERE NOT outside AND later) AS later,
    count(days) FILTER (WHERE NOT outside AND answered) AS timed,
    count(*) FILTER (WHERE NOT outside AND answered AND delay IS NULL) AS undated,
    count(*) FILTER (WHERE NOT outside AND answered AND delay < 0) AS early,
    count(*) FILTER (WHERE judged > 0) AS judging,
    coalesce(sum(judged), 0)::BIGINT AS judged,
    coalesce(sum(useful), 0)::BIGINT AS useful
FROM measured
