-- Irritants of the snapshot, largest first.
SELECT id, label, terms, size, share_negative FROM topics WHERE level = 'irritant' ORDER BY size DESC, id
