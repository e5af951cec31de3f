-- The warehouse as ingest leaves it (derived tables are added by refresh; see schema_derived.sql).
-- Names are ours; data/columns.py maps the portal's labels and snake_case ids onto them.

CREATE TABLE reviews (
    id                BIGINT PRIMARY KEY,
    state             VARCHAR,           -- 'A traiter' | 'Traitées'
    status            VARCHAR,           -- as published
    written_on        DATE,
    published_at      TIMESTAMP NOT NULL,
    published_on      DATE NOT NULL,
    first_reply_at    TIMESTAMP,         -- first reply by any structure; the file has no date per structure
    pseudonym         VARCHAR,           -- personal data: never shown by default
    title             VARCHAR,
    body              VARCHAR,
    posted_as         VARCHAR,
    sentiment         VARCHAR,           -- 'Positif' | 'Neutre' | 'Négatif', declared by the user
    department        VARCHAR,           -- INSEE code as text: '01', '2A', '971'
    region            VARCHAR,           -- INSEE code as text
    country           VARCHAR,
    procedures        VARCHAR,           -- 'Démarches saisies par usager'
    out_of_structure  BOOLEAN,           -- 'Hors structure'
    network           VARCHAR,           -- réseau of structure 1, else of the typology; NULL if unknown
    typology          VARCHAR,           -- typology 1 after aliases
    structure_id      VARCHAR,           -- structure 1
    structure         VARCHAR,           -- its name, from the referential or else from the review
    channels          VARCHAR[],         -- channels of typologies 1..3, distinct, in order
    accessibility     VARCHAR,           -- the five general tags: 'Positif' | 'Neutre' | 'Négatif' | NULL
    information       VARCHAR,
    relation          VARCHAR,
    responsiveness    VARCHAR,
    simplicity        VARCHAR,
    endorsements      INTEGER,           -- 'Expériences Similaires': endorsements
    improvement       BOOLEAN,           -- 'Amélioration de service à considérer'
    action            VARCHAR,
    action_started    DATE,
    action_done       DATE,
    business_tags     VARCHAR[],
    extra             JSON,              -- unknown columns, kept aside
    fingerprint       UBIGINT,           -- of the record as published: tells an updated review from an unchanged one
    first_seen_at     TIMESTAMP,         -- French time of the first file that held it
    changed_at        TIMESTAMP,         -- of the last file that changed it; NULL when none did
    -- what the measures need of its replies, kept beside it (data/sql/replied.sql); NULL when it has none
    replied           BOOLEAN,           -- a structure's reply has a text that is not DITP's non-reply
    only_canned       BOOLEAN,           -- DITP's non-reply and nothing else
    verdicts          INTEGER,           -- author's verdicts on real replies
    useful_verdicts   INTEGER,           -- of which 'utile'
    -- what refresh adds, kept beside it too: figures by irritant join nothing (data/sql/set_irritant.sql)
    irritant          INTEGER            -- that of review_topics: -1 when none suits, NULL before its first refresh
);

CREATE TABLE review_typologies (
    review_id  BIGINT NOT NULL,
    rank       INTEGER NOT NULL,         -- 1..3
    label      VARCHAR NOT NULL,         -- as published
    typology   VARCHAR NOT NULL,         -- after aliases
    postcode   VARCHAR,
    country    VARCHAR,
    channels   VARCHAR[],
    tags       VARCHAR
);

CREATE TABLE replies (                   -- one row per (review, structure slot) that names a structure or a reply
    review_id       BIGINT NOT NULL,
    rank            INTEGER NOT NULL,    -- 1..3
    structure_id    VARCHAR,
    structure       VARCHAR,
    status          VARCHAR,
    body            VARCHAR,             -- the public reply, NULL when none
    canned          BOOLEAN NOT NULL,    -- DITP's non-reply: never an answer
    ai_similarity   DOUBLE,              -- 0-100: published reply against the AI's draft; NULL = no AI draft
    useful_votes    INTEGER,
    useless_votes   INTEGER,
    author_verdict  VARCHAR,             -- 'utile' | 'pas utile' | NULL
    first_seen_at   TIMESTAMP            -- first file that held this structure's reply; NULL without a reply
);

-- What the portal said before: one row each time a file changed a review (or a reply), holding the values it replaced.
-- Columns that did not change are NULL and are not named in `changed`. See data/history.py.
CREATE TABLE review_versions (
    review_id BIGINT NOT NULL, until TIMESTAMP NOT NULL, changed VARCHAR[] NOT NULL,
    state VARCHAR, status VARCHAR, written_on DATE, published_at TIMESTAMP, published_on DATE, first_reply_at TIMESTAMP,
    pseudonym VARCHAR, title VARCHAR, body VARCHAR, posted_as VARCHAR, sentiment VARCHAR, department VARCHAR, region VARCHAR,
    country VARCHAR, procedures VARCHAR, out_of_structure BOOLEAN, network VARCHAR, typology VARCHAR, structure_id VARCHAR,
    structure VARCHAR, channels VARCHAR[], accessibility VARCHAR, information VARCHAR, relation VARCHAR,
    responsiveness VARCHAR, simplicity VARCHAR, endorsements INTEGER, improvement BOOLEAN, action VARCHAR,
    action_started DATE, action_done DATE, business_tags VARCHAR[], extra JSON
);
CREATE TABLE reply_versions (
    review_id BIGINT NOT NULL, rank INTEGER NOT NULL, until TIMESTAMP NOT NULL, changed VARCHAR[] NOT NULL,
    structure_id VARCHAR, structure VARCHAR, status VARCHAR, body VARCHAR, canned BOOLEAN, ai_similarity DOUBLE,
    useful_votes INTEGER, useless_votes INTEGER, author_verdict VARCHAR
);
CREATE TABLE typology_versions (
    review_id BIGINT NOT NULL, rank INTEGER NOT NULL, until TIMESTAMP NOT NULL, changed VARCHAR[] NOT NULL,
    label VARCHAR, typology VARCHAR, postcode VARCHAR, country VARCHAR, channels VARCHAR[], tags VARCHAR
);
CREATE TABLE withdrawals (ingest_id VARCHAR NOT NULL, seen_at TIMESTAMP NOT NULL, reviews BIGINT NOT NULL);  -- counts alone

CREATE TABLE structures (
    id            VARCHAR PRIMARY KEY,   -- 'Code SP+ de la structure'
    network       VARCHAR,
    typology      VARCHAR,
    name          VARCHAR,
    public_name   VARCHAR,
    description   VARCHAR,
    parent_id     VARCHAR,
    parent_name   VARCHAR,
    address       VARCHAR,
    postcode      VARCHAR,
    city          VARCHAR,
    country       VARCHAR,
    website       VARCHAR,
    mailbox       VARCHAR,               -- where a signal is sent
    active        BOOLEAN,
    city_code     VARCHAR,
    department    VARCHAR,               -- '75', without the 'dep' prefix
    region        VARCHAR
);

CREATE TABLE fiches (
    id           VARCHAR PRIMARY KEY,    -- 'F2918'
    audience     VARCHAR,
    kind         VARCHAR,                -- Publication/@type
    title        VARCHAR,
    subject      VARCHAR,
    description  VARCHAR,
    url          VARCHAR,                -- always @spUrl
    modified_on  DATE,
    theme        VARCHAR,
    breadcrumbs  VARCHAR[]
);

CREATE TABLE fiche_sections (
    fiche_id  VARCHAR NOT NULL,
    rank      INTEGER NOT NULL,
    heading   VARCHAR,                   -- path of headings, ' > ' between
    body      VARCHAR NOT NULL
);

CREATE TABLE fiche_links (
    fiche_id  VARCHAR NOT NULL,
    kind      VARCHAR NOT NULL,          -- 'service' | 'reference' | 'where' | 'question' | 'internal' | 'external' | 'definition'
    title     VARCHAR,
    url       VARCHAR
);

CREATE TABLE departments (
    code VARCHAR PRIMARY KEY, name VARCHAR, region_code VARCHAR, region VARCHAR, tile_x INTEGER, tile_y INTEGER
);
CREATE TABLE department_neighbours (code VARCHAR NOT NULL, neighbour VARCHAR NOT NULL);
CREATE TABLE calendar (
    day DATE PRIMARY KEY, working BOOLEAN NOT NULL,
    holiday VARCHAR                      -- name of the public holiday, in French
);
CREATE TABLE typology_aliases (alias VARCHAR PRIMARY KEY, typology VARCHAR NOT NULL);

CREATE TABLE refused (ingest_id VARCHAR NOT NULL, file VARCHAR, line BIGINT, reason VARCHAR, raw VARCHAR);
CREATE TABLE ingests (
    id VARCHAR PRIMARY KEY, ran_at TIMESTAMP, files VARCHAR[], sha256 VARCHAR[], read BIGINT, loaded BIGINT, inserted BIGINT,
    updated BIGINT, unchanged BIGINT, rejected BIGINT, duration_s DOUBLE,
    withdrawn BIGINT,                    -- reviews of the snapshot before that the files no longer held
    seen_at TIMESTAMP                    -- French time: when these files are taken to be seen
);
CREATE TABLE problems (ingest_id VARCHAR NOT NULL, column_name VARCHAR, kind VARCHAR, count BIGINT, examples VARCHAR[]);
CREATE TABLE meta (key VARCHAR PRIMARY KEY, value VARCHAR);   -- 'demo' 'true'|'false', 'last_publication' ISO date…
