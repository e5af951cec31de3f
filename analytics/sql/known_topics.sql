-- The irritants of today's reference, with their sizes of then.
CREATE OR REPLACE TEMP VIEW topics AS
SELECT t.* REPLACE (coalesce(f.size, 0) AS size, f.share_negative AS share_negative)
FROM {base}.topics AS t
LEFT JOIN (
    SELECT unnest({ids}::INTEGER[]) AS id, unnest({sizes}::BIGINT[]) AS size, unnest({shares}::DOUBLE[]) AS share_negative
) AS f ON f.id = t.id;
