-- Words and pairs of words of the last four weeks: in how many reviews, then and over the year before (a sample of it).
-- One row a word used by three recent reviews at least.
WITH spans AS (
    SELECT r.id, date_diff('day', r.published_on, $as_of) < 28 AS recent,
        regexp_extract_all(lower(concat_ws(' . ', r.title, r.body)), '[a-zàâäçéèêëîïôöùûüÿœæ]{2,}|[.!?;:,]') AS words
    FROM reviews r
    WHERE r.published_on <= $as_of AND date_diff('day', r.published_on, $as_of) < 7 * 56
      AND (date_diff('day', r.published_on, $as_of) < 28 OR r.id % $one_in = 0)
), said AS (
    SELECT id, recent, list_distinct(
        list_filter(words, lambda w: len(w) >= 4)
        || list_filter(
            list_transform(range(1, len(words)), lambda i: words[i] || ' ' || words[i + 1]),
            lambda w: regexp_full_match(w, '[^.!?;:, ]{4,} [^.!?;:, ]{4,}')
        )
    ) AS uses
    FROM spans
), used AS (SELECT id, recent, unnest(uses) AS word FROM said)
SELECT word, count(*) FILTER (WHERE recent) AS recent, count(*) FILTER (WHERE NOT recent) AS before,
    list(id ORDER BY id DESC) FILTER (WHERE recent) AS review_ids
FROM used GROUP BY word HAVING count(*) FILTER (WHERE recent) >= 3
