-- What this ingest refused. Records cut by the CSV reader carry their line; the others get that of their start, counted
-- from the line breaks of the texts before them (one line of header a file).
INSERT INTO refused
WITH breaks AS (
    SELECT rowid AS row, file, line,
           sum(1 + length(concat_ws('', title, body, reply_1, reply_2, reply_3))
                 - length(replace(concat_ws('', title, body, reply_1, reply_2, reply_3), chr(10), '')))
               OVER (PARTITION BY file ORDER BY rowid ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
    FROM scratch.raw
    WHERE (SELECT count(*) FROM scratch.refused WHERE row IS NOT NULL) > 0
)
SELECT $ingest, $files[r.file + 1], coalesce(r.line, b.line, 2 + coalesce(b.before, 0)), r.reason, r.raw
FROM scratch.refused r
LEFT JOIN breaks b ON b.row = r.row;
