-- The structures tree as routing needs it.
SELECT id, parent_id, coalesce(public_name, name) AS name, mailbox, coalesce(active, FALSE) AS active FROM structures
