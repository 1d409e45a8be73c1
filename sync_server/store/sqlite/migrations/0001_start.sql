-- Ids are the 16 bytes of a UUID, times ms since 1970 by the server's clock.

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- SHA-256 of one-time tokens; `root` is the roster that used it, so that a lost reply can be asked for again.
CREATE TABLE setup_token (
    digest BLOB PRIMARY KEY,
    created INTEGER NOT NULL,
    printed INTEGER NOT NULL,
    root TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE unit (
    no INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE
) STRICT;

CREATE TABLE roster_version (
    unit INTEGER NOT NULL REFERENCES unit (no),
    height INTEGER NOT NULL,
    hash TEXT NOT NULL,
    jws TEXT NOT NULL,
    received INTEGER NOT NULL,
    PRIMARY KEY (unit, height)
) STRICT, WITHOUT ROWID;

CREATE TABLE invite (
    id BLOB PRIMARY KEY,
    unit INTEGER NOT NULL REFERENCES unit (no),
    grant_jws TEXT NOT NULL,
    package TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    used INTEGER,
    revoked INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX invite_by_unit ON invite (unit, created);

-- A device in one unit, and the sequence number up to which it has said that it got everything.
CREATE TABLE device (
    no INTEGER PRIMARY KEY,
    unit INTEGER NOT NULL REFERENCES unit (no),
    id BLOB NOT NULL,
    confirmed INTEGER NOT NULL DEFAULT 0,
    UNIQUE (unit, id)
) STRICT;

-- Sealed events (type 0) and statements (type 1). AUTOINCREMENT: a number is never given twice, also after a deletion.
CREATE TABLE entry (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    unit INTEGER NOT NULL REFERENCES unit (no),
    id BLOB NOT NULL,
    type INTEGER NOT NULL,
    digest BLOB NOT NULL,
    sender BLOB NOT NULL,
    received INTEGER NOT NULL,
    content TEXT NOT NULL,
    UNIQUE (unit, id)
) STRICT;

-- A device's feed is a range of this table, so pulling costs the same however much is stored.
CREATE TABLE delivery (
    device INTEGER NOT NULL REFERENCES device (no),
    seq INTEGER NOT NULL REFERENCES entry (seq),
    PRIMARY KEY (device, seq)
) STRICT, WITHOUT ROWID;

-- What the server has to do about urgent and deadline events, and to whom those went.
CREATE TABLE act (
    seq INTEGER PRIMARY KEY REFERENCES entry (seq),
    unit INTEGER NOT NULL,
    case_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    act TEXT NOT NULL,
    drill INTEGER NOT NULL,
    duration INTEGER,
    grace INTEGER,
    delay INTEGER NOT NULL
) STRICT;
CREATE INDEX act_by_case ON act (unit, case_id, seq);

CREATE TABLE act_reader (
    seq INTEGER NOT NULL REFERENCES act (seq),
    device INTEGER NOT NULL REFERENCES device (no),
    PRIMARY KEY (seq, device)
) STRICT, WITHOUT ROWID;

CREATE TABLE statement (
    seq INTEGER PRIMARY KEY REFERENCES entry (seq),
    unit INTEGER NOT NULL,
    case_id BLOB NOT NULL
) STRICT;
CREATE INDEX statement_by_case ON statement (unit, case_id, seq);
