-- What refits had done to the reference by then.
CREATE OR REPLACE TEMP VIEW topic_changes AS SELECT * FROM {base}.topic_changes WHERE fitted_at < {moment};
