, open_reviews AS (
    -- Follows the named sets of measured.sql: reviews no structure has answered (a canned non-reply is not an answer).
    -- urgency: 3 for a negative review, 2 neutral, 1 positive, up to doubled by 10 endorsements.
    -- age: days since publication up to $end, the end of the last publication day held.
    SELECT
        id,
        published_at,
        epoch($end::TIMESTAMP - published_at) / 86400 AS age,
        CASE sentiment WHEN 'Négatif' THEN 3 WHEN 'Neutre' THEN 2 ELSE 1 END
            * (1 + least(coalesce(endorsements, 0), 10) / 10.0) AS urgency
    FROM measured
    WHERE NOT answered AND ($outside OR NOT outside) AND NOT list_contains($skip::BIGINT[], id)
)
