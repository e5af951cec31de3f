-- Write beside each review what its replies amount to.
UPDATE reviews AS r
SET replied = a.replied, only_canned = a.only_canned, verdicts = a.verdicts, useful_verdicts = a.useful_verdicts
FROM ({replied}) AS a
WHERE a.review_id = r.id
