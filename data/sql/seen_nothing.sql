-- A first load: nothing was seen before.
CREATE OR REPLACE TEMP VIEW seen AS
SELECT NULL::BIGINT AS id, NULL::TIMESTAMP AS first_seen_at, NULL::TIMESTAMP AS changed_at, NULL::UBIGINT AS said WHERE false;
CREATE OR REPLACE TEMP VIEW seen_replies AS
SELECT NULL::BIGINT AS review_id, NULL::VARCHAR AS structure, NULL::TIMESTAMP AS first_seen_at WHERE false;
