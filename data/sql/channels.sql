-- Channels of the three typologies of a review, distinct and in order, once for each combination seen.
CREATE TABLE scratch.channels AS
WITH seen AS (
    SELECT DISTINCT channels_1, channels_2, channels_3
    FROM clean
    WHERE channels_1 IS NOT NULL OR channels_2 IS NOT NULL OR channels_3 IS NOT NULL
)
SELECT
    concat_ws('|', coalesce(channels_1, ''), coalesce(channels_2, ''), coalesce(channels_3, '')) AS key,
    in_order(
        coalesce(items(channels_1, ','), []) || coalesce(items(channels_2, ','), []) || coalesce(items(channels_3, ','), [])
    ) AS channels
FROM seen;
