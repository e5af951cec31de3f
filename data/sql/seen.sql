-- What the previous snapshot knew of each review and of each structure's reply: when it was first seen.
CREATE OR REPLACE TEMP VIEW seen AS
SELECT id, first_seen_at, changed_at, fingerprint AS said FROM previous.reviews;
CREATE OR REPLACE TEMP VIEW seen_replies AS
SELECT review_id, coalesce(structure_id, structure, 'slot ' || rank) AS structure, min(first_seen_at) AS first_seen_at
FROM previous.replies
WHERE body IS NOT NULL
GROUP BY ALL;
