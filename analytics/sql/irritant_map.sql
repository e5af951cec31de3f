-- Where each irritant stands on the map.
SELECT id, label, x, y, size, share_negative, terms FROM topics WHERE level = 'irritant' AND x IS NOT NULL ORDER BY size DESC, id
