-- The portal's columns as text, one row a record, in the order of the files (rowid). Names: data/columns.py.
CREATE TABLE scratch.raw (file INTEGER, line BIGINT, {columns}, extra VARCHAR);
CREATE TABLE scratch.refused (row BIGINT, file INTEGER, line BIGINT, reason VARCHAR, raw VARCHAR);
