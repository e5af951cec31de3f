, own_targets AS (
    SELECT unnest($target_ids::VARCHAR[]) AS structure_id, unnest($target_values::BIGINT[]) AS days
),
waiting_reviews AS (
    SELECT
        m.id, m.published_at, m.structure_id, m.structure, m.sentiment, m.endorsements,
        epoch($end::TIMESTAMP - m.published_at) / 86400 AS age,
        coalesce(t.days, $target_days) AS target
    FROM measured AS m
    LEFT JOIN own_targets AS t ON t.structure_id = m.structure_id
    WHERE NOT m.answered AND ($outside OR NOT m.outside) AND NOT list_contains($skip::BIGINT[], m.id)
        AND ($only::BIGINT[] IS NULL OR list_contains($only::BIGINT[], m.id))
        AND /*words*/ TRUE
),
open_reviews AS (
    -- Follows the named sets of measured.sql: reviews no structure has answered (a canned non-reply is not an answer).
    -- urgency: 3 for a negative review, 2 neutral, 1 positive, up to doubled by 10 endorsements.
    -- age: days since publication up to $end, the end of the last publication day held.
    -- risk of missing the target: 1 until a week before it, then rising to 2 on its day; 2 once past it.
    SELECT
        *,
        CASE sentiment WHEN 'Négatif' THEN 3 WHEN 'Neutre' THEN 2 ELSE 1 END
            * (1 + least(coalesce(endorsements, 0), 10) / 10.0) AS urgency,
        1 + least(greatest(1 - (target - age) / least(7, target), 0), 1) AS risk
    FROM waiting_reviews
)
