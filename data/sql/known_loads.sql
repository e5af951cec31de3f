-- What was loaded before {moment}, and the first file in any case: it is what tells of the days before it.
CREATE OR REPLACE TEMP VIEW ingests AS
SELECT * FROM {base}.ingests
WHERE coalesce(seen_at, ran_at) < {moment} OR coalesce(seen_at, ran_at) = (SELECT min(coalesce(seen_at, ran_at)) FROM {base}.ingests);
CREATE OR REPLACE TEMP VIEW refused AS
SELECT * FROM {base}.refused WHERE ingest_id IN (SELECT id FROM ingests);
CREATE OR REPLACE TEMP VIEW review_versions AS SELECT * FROM {base}.review_versions WHERE until < {moment};
CREATE OR REPLACE TEMP VIEW reply_versions AS SELECT * FROM {base}.reply_versions WHERE until < {moment};
