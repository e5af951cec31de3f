-- One row a kept record, typed. The order of the columns is that of schema.sql. What its replies amount to is written once they are loaded.
INSERT INTO reviews BY NAME
SELECT
    identifier(c.id) AS id,
    c.state,
    c.status,
    moment(c.written)::DATE AS written_on,
    moment(c.published) AS published_at,
    moment(c.published)::DATE AS published_on,
    moment(c.first_reply) AS first_reply_at,
    c.pseudonym,
    c.title,
    c.body,
    c.posted_as,
    c.sentiment,
    place.department,
    place.region,
    c.country,
    c.procedures,
    yes(c.out_of_structure) AS out_of_structure,
    coalesce(CASE WHEN c.structure_id_1 <> $tray THEN s.network END, t.network, s.network) AS network,
    t.typology,
    c.structure_id_1 AS structure_id,
    coalesce(s.name, c.structure_1) AS structure,
    ch.channels,
    c.accessibility,
    c.information,
    c.relation,
    c.responsiveness,
    c.simplicity,
    whole(c.endorsements) AS endorsements,
    yes(c.improvement) AS improvement,
    c.action,
    moment(c.action_started)::DATE AS action_started,
    moment(c.action_done)::DATE AS action_done,
    items(c.business_tags, ';') AS business_tags,
    c.extra,
    md5_number_lower(concat_ws(chr(31), {said})) AS fingerprint,
    coalesce(seen.first_seen_at, $seen::TIMESTAMP) AS first_seen_at,
    CASE WHEN seen.id IS NULL THEN NULL WHEN fingerprint IS DISTINCT FROM seen.said THEN $seen::TIMESTAMP ELSE seen.changed_at END
        AS changed_at
FROM clean c
LEFT JOIN scratch.places place ON place.key = concat_ws('|', coalesce(c.department, ''), coalesce(c.department_name, ''), coalesce(c.region, ''), coalesce(c.region_name, ''))
LEFT JOIN scratch.typologies t ON t.label = c.typology_1
LEFT JOIN structures s ON s.id = c.structure_id_1
LEFT JOIN scratch.channels ch
    ON ch.key = concat_ws('|', coalesce(c.channels_1, ''), coalesce(c.channels_2, ''), coalesce(c.channels_3, ''))
LEFT JOIN seen ON seen.id = identifier(c.id)
WHERE c.row NOT IN (SELECT row FROM scratch.refused WHERE row IS NOT NULL);
