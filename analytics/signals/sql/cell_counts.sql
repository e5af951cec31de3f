-- Reviews younger than {end} weeks in each group of each set of codes; `absent` tells the codes that a group leaves out, the
-- first one being its highest bit.
SELECT {codes}, grouping({codes}) AS absent, {counts} FROM coded WHERE age < {end} GROUP BY GROUPING SETS ({sets})
