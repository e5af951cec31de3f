-- Structure slot {n} of each kept record that names a structure or holds a reply.
INSERT INTO replies BY NAME
SELECT
    identifier(c.id) AS review_id,
    {n} AS rank,
    c.structure_id_{n} AS structure_id,
    coalesce(s.name, c.structure_{n}) AS structure,
    c.reply_status_{n} AS status,
    c.reply_{n} AS body,
    is_canned(c.reply_{n}) AS canned,
    number_of(c.ai_similarity_{n}) AS ai_similarity,
    whole(c.useful_{n}) AS useful_votes,
    whole(c.useless_{n}) AS useless_votes,
    c.verdict_{n} AS author_verdict,
    CASE WHEN c.reply_{n} IS NOT NULL THEN coalesce(seen.first_seen_at, $seen::TIMESTAMP) END AS first_seen_at
FROM clean c
LEFT JOIN structures s ON s.id = c.structure_id_{n}
LEFT JOIN seen_replies AS seen
    ON seen.review_id = identifier(c.id) AND seen.structure = coalesce(c.structure_id_{n}, c.structure_{n}, 'slot {n}')
WHERE c.row NOT IN (SELECT row FROM scratch.refused WHERE row IS NOT NULL)
    AND (c.structure_id_{n} IS NOT NULL OR c.structure_{n} IS NOT NULL OR c.reply_{n} IS NOT NULL);
