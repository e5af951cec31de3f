-- What recent open_reviews (waiting.sql) say, those that refresh has not read.
, unread AS (
    SELECT o.id FROM open_reviews AS o JOIN reviews AS r ON r.id = o.id WHERE o.age <= $days AND /*unread*/ TRUE
)
SELECT id, concat_ws(chr(10), title, body) FROM reviews WHERE id IN (SELECT id FROM unread)
