-- Combinations of place columns that reviews state.
SELECT DISTINCT department, department_name, region, region_name
FROM clean
WHERE coalesce(department, department_name, region, region_name) IS NOT NULL;
