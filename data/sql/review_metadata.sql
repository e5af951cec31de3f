-- What the product derives of each review, one row each. Starts with the named sets of the measures (answered, days…), so that a
-- review is told answered or late by the very rule of the figures. `texts` gives one number to texts that say the same. $end: the end of the last publication day held.
/*measured*/
, texts AS (
    /*texts*/
),
copied AS (
    SELECT said, min(id) AS first, count(*) AS copies FROM texts WHERE said IS NOT NULL GROUP BY said HAVING count(*) > 1
),
signalled AS (
    SELECT unnest(review_ids) AS review_id, id FROM signals
),
signal_links AS (
    SELECT review_id, list(id ORDER BY id) AS signals FROM signalled GROUP BY review_id
),
said_back AS (
    SELECT
        review_id,
        count(*) AS structures,
        count(*) FILTER (WHERE body IS NOT NULL AND NOT canned) AS answers,
        sum(length(body)) FILTER (WHERE NOT canned) AS reply_characters,
        sum(len(string_split(trim(body), ' '))) FILTER (WHERE NOT canned) AS reply_words,
        sum(len(regexp_extract_all(body, 'https?://|www\.'))) FILTER (WHERE NOT canned) AS reply_addresses,
        sum(useful_votes) AS useful_votes,
        sum(useless_votes) AS useless_votes,
        first(author_verdict ORDER BY rank) FILTER (WHERE author_verdict IS NOT NULL AND NOT canned) AS verdict,
        max(ai_similarity) FILTER (WHERE body IS NOT NULL) AS ai_similarity,
        bool_or(structure_id IS NOT NULL AND structure_id NOT IN (SELECT id FROM structures)) AS unknown_structure
    FROM replies
    GROUP BY review_id
),
kinds AS (
    SELECT review_id, count(*) AS typologies FROM review_typologies GROUP BY review_id
),
changed AS (
    SELECT review_id, count(DISTINCT until) AS changes
    FROM (SELECT review_id, until FROM review_versions UNION ALL SELECT review_id, until FROM reply_versions UNION ALL SELECT review_id, until FROM typology_versions)
    GROUP BY review_id
)
SELECT
    r.id AS review_id,
    length(r.title) AS title_characters,
    length(r.body) AS characters,
    len(regexp_extract_all(r.body, '\S+')) AS words,
    len(regexp_extract_all(r.body, '[.!?…]+(\s|$)')) AS sentences,
    1 + length(r.body) - length(replace(r.body, chr(10), '')) AS lines,
    length(r.body) - length(replace(r.body, '!', '')) AS exclamations,
    length(r.body) - length(replace(r.body, '?', '')) AS questions,
    len(regexp_extract_all(r.body, '[0-9]+')) AS figures,
    round(length(regexp_replace(r.body, '[^A-ZÀÂÇÉÈÊËÎÏÔÙÛÜ]', '', 'g')) / nullif(length(r.body), 0), 3) AS capitals,
    len(regexp_extract_all(concat_ws(' ', r.title, r.body), 'https?://|www\.')) AS addresses,
    t.language,
    list_sort(list_distinct(t.personal)) AS personal_kinds,
    len(t.personal) AS personal_count,
    t.distress,
    c.first AS copy_of,
    coalesce(c.copies, 1) AS copies,
    date_trunc('week', r.published_on)::DATE AS week,
    isodow(r.published_on) AS weekday,
    hour(r.published_at) AS hour,
    round(epoch(r.published_at - r.written_on::TIMESTAMP) / 86400, 2) AS moderation_days,
    rt.irritant,
    rt.subject,
    rt.score AS closeness,
    coalesce(s.signals, []) AS signals,
    coalesce(len(s.signals), 0) AS signal_count,
    len(list_filter([r.accessibility, r.information, r.relation, r.responsiveness, r.simplicity], lambda x: x = 'Positif')) AS tags_positive,
    len(list_filter([r.accessibility, r.information, r.relation, r.responsiveness, r.simplicity], lambda x: x = 'Négatif')) AS tags_negative,
    CASE WHEN NOT r.answered AND NOT r.outside THEN
        CASE r.sentiment WHEN 'Négatif' THEN 3 WHEN 'Neutre' THEN 2 ELSE 1 END * (1 + least(coalesce(r.endorsements, 0), 10) / 10.0)
    END AS urgency,
    routed.typology AS routed_typology,
    routed.confidence AS routed_confidence,
    CASE WHEN routed.typology IS NOT NULL THEN routed.typology IS DISTINCT FROM r.typology END AS routed_elsewhere,
    coalesce(k.typologies, 0) AS typologies,
    coalesce(b.structures, 0) AS structures,
    r.answered,
    coalesce(b.answers, 0) AS answers,
    r.canned,
    b.reply_characters,
    b.reply_words,
    b.reply_addresses,
    b.useful_votes,
    b.useless_votes,
    b.verdict,
    CASE WHEN b.answers > 0 THEN b.ai_similarity IS NOT NULL END AS ai_used,
    b.ai_similarity,
    CASE WHEN b.ai_similarity >= 90 THEN 'presque tel quel' WHEN b.ai_similarity >= 50 THEN 'retouché' WHEN b.ai_similarity IS NOT NULL THEN 'réécrit' END AS ai_kept,
    round(r.days, 3) AS delay_days,
    CASE WHEN r.days IS NOT NULL THEN round(epoch(r.replied_at - r.written_on::TIMESTAMP) / 86400, 3) END AS delay_from_writing_days,
    CASE WHEN NOT r.answered AND NOT r.outside THEN round(epoch($end::TIMESTAMP - r.published_at) / 86400, 3) END AS waiting_days,
    coalesce(h.changes, 0) AS changes,
    list_filter([
        CASE WHEN r.written_on > r.published_on THEN 'écrit après sa publication' END,
        CASE WHEN r.delay < 0 THEN 'réponse datée avant la publication' END,
        CASE WHEN b.unknown_structure THEN 'structure absente du référentiel' END,
        CASE WHEN r.answered AND r.replied_at IS NULL THEN 'réponse sans date' END,
        CASE WHEN c.first <> r.id THEN 'texte déjà publié' END
    ], lambda x: x IS NOT NULL) AS defects
FROM measured r
JOIN review_measures t ON t.review_id = r.id
LEFT JOIN texts x ON x.id = r.id
LEFT JOIN copied c ON c.said = x.said
LEFT JOIN review_topics rt ON rt.review_id = r.id
LEFT JOIN signal_links s ON s.review_id = r.id
LEFT JOIN said_back b ON b.review_id = r.id
LEFT JOIN kinds k ON k.review_id = r.id
LEFT JOIN changed h ON h.review_id = r.id
LEFT JOIN routed ON routed.review_id = r.id
