-- What this ingest refused. Records cut by the CSV reader carry their line; the others get that of their start, counted
-- from the line breaks of the texts before them (one line of header a file).
INSERT INTO refused
WITH faulty AS (
    SELECT row FROM scratch.refused WHERE row IS NOT NULL
),
texts AS (
    SELECT rowid AS row, file, line, concat_ws(';', title, body, reply_1, reply_2, reply_3) AS text
    FROM scratch.raw
    WHERE rowid <= (SELECT max(row) FROM faulty)
),
placed AS (
    SELECT row, line, text,
           2 + coalesce(sum(1 + length(text) - length(replace(text, chr(10), '')))
               OVER (PARTITION BY file ORDER BY row ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS counted
    FROM texts
)
SELECT $ingest, $files[r.file + 1], coalesce(r.line, p.line, p.counted), r.reason, coalesce(r.raw, left(p.text, 500))
FROM scratch.refused r
LEFT JOIN placed p ON p.row = r.row;
