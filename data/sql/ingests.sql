-- One row for this ingest.
INSERT INTO ingests BY NAME
SELECT
    $id AS id, $ran_at::TIMESTAMP AS ran_at, $files AS files, $sha256 AS sha256, $read AS read, $loaded AS loaded,
    $inserted AS inserted, $updated AS updated, $unchanged AS unchanged, $rejected AS rejected, $duration_s AS duration_s,
    $withdrawn AS withdrawn, $seen_at::TIMESTAMP AS seen_at;
