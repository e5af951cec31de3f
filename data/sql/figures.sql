-- Figures of an ingest. Records the CSV reader could not cut never reached the raw table: they have no row.
SELECT 'read' AS name, (SELECT count(*) FROM scratch.raw) + (SELECT count(*) FROM scratch.refused WHERE row IS NULL) AS figure
UNION ALL SELECT 'loaded', count(*) FROM reviews
UNION ALL SELECT 'rejected', count(*) FROM scratch.refused
UNION ALL SELECT 'structures', count(*) FROM structures
UNION ALL SELECT 'fiches', count(*) FROM fiches;
