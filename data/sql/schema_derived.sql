-- What refresh adds to a snapshot. Each table is replaced whole by a refresh.

CREATE OR REPLACE TABLE topics (
    id              INTEGER PRIMARY KEY,
    level           VARCHAR NOT NULL,    -- 'irritant' (some tens) | 'subject' (fine, under an irritant) | 'hidden' | 'merged'
    parent_id       INTEGER,             -- irritant of a subject
    label           VARCHAR NOT NULL,    -- short French title
    terms           VARCHAR[] NOT NULL,
    size            BIGINT NOT NULL,
    share_negative  DOUBLE,
    x               DOUBLE,              -- place on the map of irritants
    y               DOUBLE,
    exemplars       BIGINT[],            -- most representative review ids
    model           VARCHAR NOT NULL     -- version of the topic model
);
CREATE OR REPLACE TABLE review_topics (
    review_id BIGINT PRIMARY KEY, irritant INTEGER NOT NULL, subject INTEGER, score DOUBLE   -- irritant -1: explicitly unassigned
);
CREATE OR REPLACE TABLE cells (          -- weekly counts; an empty dimension is NULL, week is its Monday
    week DATE NOT NULL, irritant INTEGER NOT NULL, network VARCHAR, typology VARCHAR, structure_id VARCHAR, department VARCHAR,
    n INTEGER NOT NULL, negative INTEGER NOT NULL
);
CREATE OR REPLACE TABLE signals (
    id VARCHAR PRIMARY KEY, as_of DATE NOT NULL, detector VARCHAR NOT NULL, topic INTEGER, label VARCHAR NOT NULL, strength VARCHAR NOT NULL,
    network VARCHAR, typology VARCHAR, structure_id VARCHAR, department VARCHAR, channel VARCHAR,
    subject INTEGER, region VARCHAR, zone VARCHAR[],
    first_week DATE NOT NULL, last_week DATE NOT NULL, observed INTEGER NOT NULL, expected DOUBLE NOT NULL, ratio DOUBLE NOT NULL,
    ratio_low DOUBLE NOT NULL, p DOUBLE NOT NULL, q DOUBLE NOT NULL, severity DOUBLE NOT NULL, terms VARCHAR[], review_ids BIGINT[] NOT NULL,
    owner_id VARCHAR, owner_name VARCHAR, owner_mailbox VARCHAR, tests INTEGER NOT NULL,
    weeks INTEGER,                       -- over which reviews are observed and expected, up to as_of
    second_years INTEGER, second_bound INTEGER, second_alarm BOOLEAN,   -- what Farrington's method alone says: analytics/signals/second.py
    told_at TIMESTAMP                    -- of the file whose analysis told it as it stands; the day judged, for a first analysis
);
CREATE OR REPLACE TABLE watch_list AS FROM signals LIMIT 0;   -- rare and rising on the last day, not significant yet
CREATE TABLE IF NOT EXISTS signal_versions AS   -- what `signals` and `watch_list` said before; kept from snapshot to snapshot
    SELECT *, NULL::TIMESTAMP AS until, NULL::BOOLEAN AS watched,
        NULL::STRUCT(week DATE, observed INTEGER, expected DOUBLE, low DOUBLE, high DOUBLE)[] AS curve
    FROM signals LIMIT 0;
CREATE OR REPLACE TABLE rising_words (   -- words and expressions of the last four weeks against the year before
    word VARCHAR NOT NULL, recent INTEGER NOT NULL, usual DOUBLE NOT NULL, z DOUBLE NOT NULL, review_ids BIGINT[] NOT NULL
);
CREATE OR REPLACE TABLE impact (         -- one row per measure and slice, as analytics.impact estimated it
    measure VARCHAR NOT NULL, slice VARCHAR NOT NULL, before DOUBLE, after DOUBLE, effect DOUBLE, low DOUBLE, high DOUBLE,
    method VARCHAR NOT NULL, n BIGINT NOT NULL, caveats VARCHAR[]
);
CREATE OR REPLACE TABLE adoption (
    structure_id VARCHAR PRIMARY KEY, adopted_on DATE NOT NULL, replies BIGINT, with_ai BIGINT, declared BOOLEAN   -- by an administrator
);
CREATE OR REPLACE TABLE refreshes (ran_at TIMESTAMP, duration_s DOUBLE, model VARCHAR, topics INTEGER, assigned BIGINT, rejected BIGINT, signals INTEGER);
CREATE OR REPLACE TABLE signal_weeks (   -- the curve of each signal's cell, week by week; low..high is what chance gives 9 weeks in 10
    signal_id VARCHAR NOT NULL, week DATE NOT NULL, observed INTEGER NOT NULL, expected DOUBLE NOT NULL, low DOUBLE NOT NULL, high DOUBLE NOT NULL
);
CREATE OR REPLACE TABLE withheld_replies (review_id BIGINT NOT NULL);   -- replies sent from here that a lead keeps out of retrieval
CREATE TABLE IF NOT EXISTS review_measures (   -- what reading a text costs, kept while the review does not change: data/measures.py
    review_id BIGINT PRIMARY KEY, fingerprint UBIGINT, version INTEGER NOT NULL,
    language VARCHAR NOT NULL, personal VARCHAR[] NOT NULL, distress VARCHAR
);
CREATE OR REPLACE TABLE review_metadata (      -- one row a review; each column is a field of data/metadata.py
    review_id BIGINT PRIMARY KEY,
    title_characters INTEGER, characters INTEGER, words INTEGER, sentences INTEGER, lines INTEGER, exclamations INTEGER,
    questions INTEGER, figures INTEGER, capitals DOUBLE, addresses INTEGER, language VARCHAR,
    personal_kinds VARCHAR[], personal_count INTEGER, distress VARCHAR,
    copy_of BIGINT, copies INTEGER,
    week DATE, weekday INTEGER, hour INTEGER, moderation_days DOUBLE,
    irritant INTEGER, subject INTEGER, closeness DOUBLE, signals VARCHAR[], signal_count INTEGER,
    tags_positive INTEGER, tags_negative INTEGER, urgency DOUBLE,
    routed_typology VARCHAR, routed_confidence DOUBLE, routed_elsewhere BOOLEAN,
    typologies INTEGER, structures INTEGER, answered BOOLEAN, answers INTEGER, canned BOOLEAN,
    reply_characters INTEGER, reply_words INTEGER, reply_addresses INTEGER, useful_votes INTEGER, useless_votes INTEGER,
    verdict VARCHAR, ai_used BOOLEAN, ai_similarity DOUBLE, ai_kept VARCHAR,
    delay_days DOUBLE, delay_from_writing_days DOUBLE, waiting_days DOUBLE,
    changes INTEGER, defects VARCHAR[]
);
CREATE OR REPLACE TABLE completeness (         -- by field and month of publication
    field VARCHAR NOT NULL, month DATE NOT NULL, reviews BIGINT NOT NULL, filled BIGINT NOT NULL
);
CREATE OR REPLACE TABLE topic_notes (    -- more of each topic: who wrote its title, what it joined, what is near it
    id INTEGER PRIMARY KEY, named_by VARCHAR NOT NULL,   -- 'rule' | 'model' | 'person'
    merged_into INTEGER, neighbours INTEGER[], nearness DOUBLE[]
);
CREATE OR REPLACE TABLE model_topics (   -- topics as the model has them, before people's edits: what edits start from again
    id INTEGER PRIMARY KEY, level VARCHAR NOT NULL, parent_id INTEGER, label VARCHAR NOT NULL, terms VARCHAR[] NOT NULL,
    x DOUBLE, y DOUBLE, exemplars BIGINT[], model VARCHAR NOT NULL, named_by VARCHAR NOT NULL, neighbours INTEGER[], nearness DOUBLE[]
);
CREATE OR REPLACE TABLE model_review_topics (review_id BIGINT PRIMARY KEY, irritant INTEGER NOT NULL);   -- before edits
CREATE OR REPLACE TABLE topic_changes (  -- what each refit did to the reference; kept from snapshot to snapshot
    model VARCHAR NOT NULL, fitted_at TIMESTAMP NOT NULL, kind VARCHAR NOT NULL,   -- 'new' | 'merged' | 'split' | 'retired'
    id INTEGER NOT NULL, label VARCHAR NOT NULL, other_id INTEGER, other_label VARCHAR, n BIGINT NOT NULL
);
