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
    fingerprint       UBIGINT            -- of the record as published: tells an updated review from an unchanged one
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
    author_verdict  VARCHAR              -- 'utile' | 'pas utile' | NULL
);

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
CREATE TABLE typology_aliases (alias VARCHAR PRIMARY KEY, typology VARCHAR NOT NULL);

CREATE TABLE refused (ingest_id VARCHAR NOT NULL, file VARCHAR, line BIGINT, reason VARCHAR, raw VARCHAR);
CREATE TABLE ingests (
    id VARCHAR PRIMARY KEY, ran_at TIMESTAMP, files VARCHAR[], sha256 VARCHAR[], read BIGINT, loaded BIGINT, inserted BIGINT,
    updated BIGINT, unchanged BIGINT, rejected BIGINT, duration_s DOUBLE
);
CREATE TABLE problems (ingest_id VARCHAR NOT NULL, column_name VARCHAR, kind VARCHAR, count BIGINT, examples VARCHAR[]);
CREATE TABLE meta (key VARCHAR PRIMARY KEY, value VARCHAR);   -- 'demo' 'true'|'false', 'last_publication' ISO date…
