-- How the portal's text becomes a value. NULL when it can't: ingest counts those apart.
CREATE OR REPLACE TEMP MACRO instant(x) AS (
    CASE
        WHEN x IS NULL THEN NULL
        WHEN contains(x, '/') THEN try_strptime(x, ['%d/%m/%Y %H:%M', '%d/%m/%Y', '%d/%m/%Y %H:%M:%S'])
        WHEN length(x) > 16 AND (x[-1] = 'Z' OR x[-6] IN ('+', '-') OR x[-3] IN ('+', '-') OR x[-5] IN ('+', '-'))
            THEN try_cast(x AS TIMESTAMPTZ) AT TIME ZONE 'Europe/Paris'
        ELSE try_cast(x AS TIMESTAMP)
    END
);
CREATE OR REPLACE TEMP MACRO moment(x) AS (
    CASE WHEN instant(x) BETWEEN TIMESTAMP '2000-01-01' AND TIMESTAMP '2100-01-01' THEN instant(x) END
);
CREATE OR REPLACE TEMP MACRO number_of(x) AS (try_cast(replace(x, ',', '.') AS DOUBLE));
CREATE OR REPLACE TEMP MACRO whole(x) AS (try_cast(number_of(x) AS INTEGER));
CREATE OR REPLACE TEMP MACRO identifier(x) AS (
    coalesce(try_cast(x AS BIGINT), CASE WHEN regexp_full_match(x, '[0-9]+[.,]0+') THEN try_cast(split_part(replace(x, ',', '.'), '.', 1) AS BIGINT) END)
);
CREATE OR REPLACE TEMP MACRO yes(x) AS (
    CASE WHEN lower(x) IN ('oui', 'true', '1', 'vrai') THEN true WHEN lower(x) IN ('non', 'false', '0', 'faux') THEN false END
);
CREATE OR REPLACE TEMP MACRO postcode_of(x) AS (
    CASE WHEN regexp_full_match(x, '[0-9]{4}([.,]0+)?') THEN '0' || x[:4] ELSE regexp_replace(x, '[.,]0+$', '') END
);
CREATE OR REPLACE TEMP MACRO items(x, separator) AS (
    list_filter(
        list_transform(
            CASE WHEN starts_with(x, '[') AND json_valid(x) THEN from_json(x, '["VARCHAR"]') ELSE string_split(x, separator) END,
            lambda item: trim(item)
        ),
        lambda item: item <> ''
    )
);
CREATE OR REPLACE TEMP MACRO in_order(list) AS (list_filter(list, lambda item, i: list_position(list, item) = i));
CREATE OR REPLACE TEMP MACRO without_entities(x) AS (
    CASE WHEN contains(x, '&') THEN
        replace(replace(replace(replace(replace(replace(replace(replace(x,
            '&nbsp;', ' '), '&#39;', ''''), '&#039;', ''''), '&apos;', ''''), '&quot;', '"'), '&lt;', '<'), '&gt;', '>'), '&amp;', '&')
    ELSE x END
);
CREATE OR REPLACE TEMP MACRO unix_lines(x) AS (
    CASE WHEN contains(x, chr(13)) THEN replace(replace(x, chr(13) || chr(10), chr(10)), chr(13), chr(10)) ELSE x END
);
