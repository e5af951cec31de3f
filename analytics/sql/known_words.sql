-- Reviews whose text changed since: the index of words is of what they say today.
CREATE OR REPLACE TEMP VIEW rewritten AS
SELECT DISTINCT review_id FROM {base}.review_versions WHERE until >= {moment} AND list_has_any(changed, ['title', 'body']);
CREATE OR REPLACE TEMP VIEW word_sample AS
SELECT review_id, word FROM {base}.word_sample WHERE review_id NOT IN (SELECT review_id FROM rewritten)
UNION ALL
{words};
