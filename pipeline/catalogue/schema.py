"""The tables of the catalogue, as numbered migrations. A migration that has landed is never edited.

    roots < cards < places > parts > clips      where the files lie, and which clip they make
    sights                                      folders in which every card is taken, as they looked then
    batches < entries > clips                   the log: append-only, the truth
    tracks > track_cards                        GPX files, and the cards that they speak of
    trails > clips | tracks                     where devices were and when, for clips that do not know
    facts                                       what the media says, whole, with the reader's version
    clocks > corrections > batches              whose clock timed each clip; how far clocks are off, append-only
    listed                                      what hash lists on the cards say of their files, and whether it is so
    products, failures, wants, looks            what was made, what failed, what a ready clip has
    imports                                     timelines that editors sent back: what each was read as, and its batch
    pictures                                    small grey pictures of frames that were compared, by quick identity
    due, identity                               plain files that are to be written again; whose they are
    terms < group_terms > groups < clips        the current log, for searching: made again from the above
    texts, words, markers                       the same for what each clip has of its own

A *group* is the set of clips that agree in every shared field (see fields.py), with their number
and running time: a search by shared fields, and every total, is answered from groups alone.
"""

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "the catalogue",
        """
CREATE TABLE roots (
    n INTEGER PRIMARY KEY, kind TEXT NOT NULL, volume TEXT NOT NULL, place TEXT,
    UNIQUE (kind, volume)
);
CREATE TABLE cards (
    n INTEGER PRIMARY KEY, root INTEGER NOT NULL REFERENCES roots, path BLOB NOT NULL, name TEXT NOT NULL,
    structure TEXT NOT NULL, fingerprint TEXT NOT NULL, moment TEXT NOT NULL, bytes INTEGER NOT NULL DEFAULT 0,
    reports TEXT NOT NULL, others TEXT NOT NULL, warnings TEXT NOT NULL,
    UNIQUE (root, path)
);
CREATE TABLE sights (
    root INTEGER NOT NULL REFERENCES roots, below BLOB NOT NULL, fingerprint TEXT NOT NULL, PRIMARY KEY (root, below)
) WITHOUT ROWID;
CREATE TRIGGER cards_read_again AFTER UPDATE OF fingerprint ON cards WHEN new.fingerprint = ''
BEGIN DELETE FROM sights WHERE root = new.root; END;
CREATE TABLE failed_files (
    card INTEGER NOT NULL REFERENCES cards ON DELETE CASCADE, path BLOB NOT NULL, sentence TEXT NOT NULL,
    exit_code INTEGER NOT NULL, PRIMARY KEY (card, path)
) WITHOUT ROWID;

CREATE TABLE groups (
    n INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, card_n INTEGER NOT NULL, day TEXT,
    clips INTEGER NOT NULL DEFAULT 0, flicks INTEGER NOT NULL DEFAULT 0,
    folder INTEGER, card INTEGER, kind INTEGER, shoot_day INTEGER, unit INTEGER, location INTEGER, camera INTEGER,
    camera_make INTEGER, camera_model INTEGER, camera_serial INTEGER, codec INTEGER, size INTEGER, subject TEXT,
    view INTEGER, rate INTEGER, rating INTEGER, circled INTEGER, status INTEGER
);
CREATE INDEX groups_day ON groups (day);
CREATE TABLE terms (
    n INTEGER PRIMARY KEY, field TEXT NOT NULL, value TEXT NOT NULL, words TEXT NOT NULL, number REAL,
    clips INTEGER NOT NULL DEFAULT 0, groups INTEGER NOT NULL DEFAULT 0, UNIQUE (field, value)
);
CREATE INDEX terms_words ON terms (field, words);
CREATE TABLE group_terms (
    term_n INTEGER NOT NULL REFERENCES terms, group_n INTEGER NOT NULL REFERENCES groups ON DELETE CASCADE,
    PRIMARY KEY (term_n, group_n)
) WITHOUT ROWID;
CREATE INDEX group_terms_group ON group_terms (group_n);

CREATE TABLE clips (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, group_n INTEGER REFERENCES groups, story INTEGER NOT NULL DEFAULT 0,
    flicks INTEGER NOT NULL DEFAULT 0, seconds INTEGER, frames INTEGER, recorded_at TEXT,
    start_timecode TEXT, start_sort TEXT, start_rate TEXT, rate TEXT, kind TEXT NOT NULL, outfit TEXT NOT NULL,
    name TEXT NOT NULL,
    card_n INTEGER NOT NULL REFERENCES cards, path BLOB NOT NULL, lens TEXT, reel TEXT, tag TEXT, scene TEXT, take TEXT,
    note TEXT, decoder INTEGER NOT NULL, content TEXT NOT NULL, warnings TEXT, refused TEXT
);
CREATE INDEX clips_group ON clips (group_n, seconds, flicks);
CREATE INDEX clips_story ON clips (story, group_n);
CREATE INDEX clips_card ON clips (card_n);
CREATE INDEX clips_flicks ON clips (flicks);
CREATE INDEX clips_seconds ON clips (seconds);
CREATE INDEX clips_frames ON clips (frames);
CREATE INDEX clips_recorded ON clips (recorded_at);
CREATE INDEX clips_start ON clips (start_sort);
CREATE INDEX clips_tag ON clips (n) WHERE tag IS NOT NULL;
CREATE INDEX clips_scene ON clips (scene) WHERE scene IS NOT NULL;
CREATE INDEX clips_note ON clips (n) WHERE note IS NOT NULL;
CREATE TABLE facts (clip_n INTEGER PRIMARY KEY REFERENCES clips, reader TEXT NOT NULL, facts BLOB NOT NULL,
    sidecars TEXT NOT NULL);
CREATE TABLE parts (
    clip_n INTEGER NOT NULL REFERENCES clips, part INTEGER NOT NULL, quick TEXT NOT NULL, size INTEGER NOT NULL,
    frames INTEGER, full TEXT, PRIMARY KEY (clip_n, part)
) WITHOUT ROWID;
CREATE TABLE places (
    n INTEGER PRIMARY KEY, root INTEGER NOT NULL REFERENCES roots, path BLOB NOT NULL,
    card_n INTEGER NOT NULL REFERENCES cards, clip_n INTEGER NOT NULL REFERENCES clips, part INTEGER NOT NULL,
    device INTEGER NOT NULL, inode INTEGER NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    quick TEXT NOT NULL, full TEXT, online INTEGER NOT NULL DEFAULT 1,
    UNIQUE (root, path)
);
CREATE INDEX places_clip ON places (clip_n);
CREATE INDEX places_card ON places (card_n);
CREATE INDEX places_unhashed ON places (clip_n, online) WHERE full IS NULL;

CREATE TABLE batches (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, who TEXT NOT NULL, moment TEXT NOT NULL, words TEXT NOT NULL,
    kind TEXT NOT NULL, undone INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE entries (
    n INTEGER PRIMARY KEY, batch_n INTEGER NOT NULL REFERENCES batches, ordinal INTEGER NOT NULL,
    clip_n INTEGER NOT NULL REFERENCES clips, field TEXT NOT NULL, op TEXT NOT NULL, value TEXT NOT NULL,
    source TEXT NOT NULL, confidence REAL NOT NULL, detail TEXT NOT NULL, start INTEGER, frames INTEGER
);
CREATE INDEX entries_clip ON entries (clip_n);
CREATE INDEX entries_batch ON entries (batch_n);
CREATE TRIGGER entries_stand BEFORE UPDATE ON entries BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER entries_stay BEFORE DELETE ON entries BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TABLE markers (
    clip_n INTEGER NOT NULL REFERENCES clips, start INTEGER NOT NULL, frames INTEGER NOT NULL,
    note TEXT NOT NULL, subject TEXT NOT NULL, PRIMARY KEY (clip_n, start, frames)
) WITHOUT ROWID;

CREATE TABLE texts (
    n INTEGER PRIMARY KEY REFERENCES clips, name TEXT NOT NULL, path TEXT NOT NULL, lens TEXT NOT NULL,
    reel TEXT NOT NULL, tag TEXT NOT NULL, scene TEXT NOT NULL, take TEXT NOT NULL, note TEXT NOT NULL,
    marks TEXT NOT NULL
);
CREATE VIRTUAL TABLE words USING fts5 (
    name, path, lens, reel, tag, scene, take, note, marks,
    content='texts', content_rowid='n', tokenize='ascii', columnsize=0
);

CREATE TABLE wants (
    outfit TEXT NOT NULL, product TEXT NOT NULL, preset TEXT NOT NULL, recipe TEXT NOT NULL,
    PRIMARY KEY (outfit, product, preset)
) WITHOUT ROWID;
CREATE TABLE products (
    clip_n INTEGER NOT NULL REFERENCES clips, kind TEXT NOT NULL, preset TEXT NOT NULL, path BLOB NOT NULL,
    recipe TEXT NOT NULL, content TEXT NOT NULL, size INTEGER NOT NULL, moment TEXT NOT NULL,
    PRIMARY KEY (clip_n, kind, preset)
) WITHOUT ROWID;
CREATE INDEX products_path ON products (path);
CREATE TABLE failures (
    clip_n INTEGER NOT NULL REFERENCES clips, step TEXT NOT NULL, recipe TEXT NOT NULL, content TEXT NOT NULL,
    sentence TEXT NOT NULL, attempts INTEGER NOT NULL, transient INTEGER NOT NULL, moment TEXT NOT NULL,
    program TEXT NOT NULL, PRIMARY KEY (clip_n, step, recipe)
) WITHOUT ROWID;
CREATE TABLE cuts (
    name TEXT NOT NULL, version INTEGER NOT NULL, spec TEXT NOT NULL, moment TEXT NOT NULL, PRIMARY KEY (name, version)
) WITHOUT ROWID;
CREATE TABLE cut_clips (
    name TEXT NOT NULL, version INTEGER NOT NULL, position INTEGER NOT NULL, clip TEXT NOT NULL,
    PRIMARY KEY (name, version, position), FOREIGN KEY (name, version) REFERENCES cuts
) WITHOUT ROWID;
CREATE INDEX cut_clips_clip ON cut_clips (clip);
""",
    ),
    (
        "clocks",
        """
CREATE TABLE clocks (
    clip_n INTEGER PRIMARY KEY REFERENCES clips, zones TEXT NOT NULL, day TEXT, unit TEXT NOT NULL DEFAULT '',
    camera TEXT NOT NULL DEFAULT '', claim TEXT NOT NULL DEFAULT '', low INTEGER, high INTEGER,
    correction INTEGER REFERENCES corrections
);
CREATE INDEX clocks_day ON clocks (day);
CREATE TABLE corrections (
    n INTEGER PRIMARY KEY, batch_n INTEGER NOT NULL REFERENCES batches, camera TEXT NOT NULL, unit TEXT NOT NULL,
    day TEXT NOT NULL, milliseconds INTEGER, error INTEGER, detail TEXT NOT NULL
);
CREATE TRIGGER corrections_stand BEFORE UPDATE ON corrections BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER corrections_stay BEFORE DELETE ON corrections BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
INSERT INTO clocks (clip_n, zones) SELECT n, '{}' FROM clips;
ALTER TABLE batches ADD COLUMN undoes TEXT;
UPDATE batches SET undoes = (SELECT e.value FROM entries e WHERE e.batch_n = batches.n AND e.op = 'undo' LIMIT 1)
    WHERE kind = 'undo';
""",
    ),
    (
        "trails",
        """
ALTER TABLE clips ADD COLUMN moment REAL;
CREATE INDEX clips_moment ON clips (moment) WHERE moment IS NOT NULL;
CREATE TABLE tracks (n INTEGER PRIMARY KEY, root INTEGER NOT NULL REFERENCES roots, path BLOB NOT NULL,
    UNIQUE (root, path));
CREATE TABLE track_cards (
    card_n INTEGER NOT NULL REFERENCES cards ON DELETE CASCADE,
    track_n INTEGER NOT NULL REFERENCES tracks ON DELETE CASCADE, PRIMARY KEY (card_n, track_n)
) WITHOUT ROWID;
CREATE TABLE trails (
    n INTEGER PRIMARY KEY, clip_n INTEGER REFERENCES clips, track_n INTEGER REFERENCES tracks ON DELETE CASCADE,
    device TEXT NOT NULL, heard TEXT NOT NULL, first REAL NOT NULL, last REAL NOT NULL, began REAL
);
CREATE INDEX trails_clip ON trails (clip_n);
CREATE INDEX trails_track ON trails (track_n) WHERE track_n IS NOT NULL;
CREATE INDEX trails_began ON trails (began);
""",
    ),
    (
        "the verdict on proxies",
        """
ALTER TABLE products ADD COLUMN verdict TEXT;
ALTER TABLE products ADD COLUMN held TEXT;
CREATE INDEX products_held ON products (clip_n, held) WHERE held IS NOT NULL;
""",
    ),
    (
        "looks of clips",
        """
CREATE TABLE looks (
    position INTEGER PRIMARY KEY, make TEXT NOT NULL, model TEXT NOT NULL, transfer TEXT NOT NULL, recipe TEXT NOT NULL
);
ALTER TABLE clips ADD COLUMN look TEXT NOT NULL DEFAULT '';
""",
    ),
    (
        "sound beside pictures, and the events of cuts",
        """
ALTER TABLE clips ADD COLUMN sound INTEGER;
CREATE INDEX clips_sound ON clips (sound) WHERE sound IS NOT NULL;
UPDATE clips SET sound = -1 WHERE kind = 'sound';
ALTER TABLE cuts ADD COLUMN events BLOB;
""",
    ),
    (
        "timelines that come back",
        """
ALTER TABLE clips ADD COLUMN title TEXT;
ALTER TABLE texts ADD COLUMN title TEXT NOT NULL DEFAULT '';
CREATE INDEX clips_title ON clips (n) WHERE title IS NOT NULL;
DROP TABLE words;
CREATE VIRTUAL TABLE words USING fts5 (
    name, path, lens, reel, tag, scene, take, note, marks, title,
    content='texts', content_rowid='n', tokenize='ascii', columnsize=0
);
INSERT INTO words (words) VALUES ('rebuild');
CREATE TABLE imports (name TEXT PRIMARY KEY, content TEXT NOT NULL, batch TEXT NOT NULL, moment TEXT NOT NULL);
""",
    ),
    (
        "what was verified",
        """
ALTER TABLE products ADD COLUMN full TEXT;
ALTER TABLE products ADD COLUMN verified TEXT;
ALTER TABLE places ADD COLUMN verified TEXT;
""",
    ),
    (
        "pictures looked at",
        """
CREATE TABLE pictures (
    file TEXT NOT NULL, number INTEGER NOT NULL, grey BLOB NOT NULL, PRIMARY KEY (file, number)
) WITHOUT ROWID;
""",
    ),
    (
        "hash lists of cards",
        """
CREATE TABLE listed (
    card_n INTEGER NOT NULL REFERENCES cards ON DELETE CASCADE, path BLOB NOT NULL, clip_n INTEGER REFERENCES clips,
    origin TEXT NOT NULL, hashes TEXT NOT NULL, device INTEGER, inode INTEGER, size INTEGER, mtime_ns INTEGER,
    verdict TEXT, PRIMARY KEY (card_n, path)
) WITHOUT ROWID;
CREATE INDEX listed_left ON listed (clip_n) WHERE verdict IS NULL;
CREATE INDEX listed_bad ON listed (clip_n, path, verdict, origin) WHERE verdict IN ('differs', 'unreadable');
""",
    ),
    (
        "the log as plain files",
        """
CREATE TABLE identity (id TEXT NOT NULL);
INSERT INTO identity VALUES (lower(hex(randomblob(16))));
CREATE TABLE due (
    sort TEXT NOT NULL, number INTEGER NOT NULL, name BLOB NOT NULL, change INTEGER NOT NULL DEFAULT (random()),
    PRIMARY KEY (sort, number, name)
) WITHOUT ROWID;
INSERT INTO due (sort, number, name) SELECT 'card', n, '' FROM cards;
INSERT INTO due (sort, number, name) SELECT 'cut', version, name FROM cuts;
INSERT INTO due (sort, number, name) VALUES ('film', 0, '');
CREATE VIEW due_cards AS SELECT 0 AS n;
CREATE TRIGGER due_card INSTEAD OF INSERT ON due_cards BEGIN
    INSERT INTO due (sort, number, name) VALUES ('card', new.n, '')
        ON CONFLICT (sort, number, name) DO UPDATE SET change = random();
END;
CREATE VIEW due_clips AS SELECT 0 AS n;
CREATE TRIGGER due_clip INSTEAD OF INSERT ON due_clips BEGIN
    INSERT INTO due (sort, number, name) SELECT 'card', card_n, '' FROM clips WHERE n = new.n
        ON CONFLICT (sort, number, name) DO UPDATE SET change = random();
END;
CREATE VIEW due_film AS SELECT 0 AS n;
CREATE TRIGGER due_of_film INSTEAD OF INSERT ON due_film BEGIN
    INSERT INTO due (sort, number, name) VALUES ('film', 0, '')
        ON CONFLICT (sort, number, name) DO UPDATE SET change = random();
END;
CREATE TRIGGER entries_due AFTER INSERT ON entries BEGIN INSERT INTO due_clips VALUES (new.clip_n); END;
CREATE TRIGGER clips_due AFTER INSERT ON clips BEGIN INSERT INTO due_cards VALUES (new.card_n); END;
CREATE TRIGGER clips_due_again AFTER UPDATE OF card_n, path, name, frames, flicks, content, warnings, refused ON clips
    WHEN (old.card_n, old.path, old.name, old.frames, old.flicks, old.content, old.warnings, old.refused)
    IS NOT (new.card_n, new.path, new.name, new.frames, new.flicks, new.content, new.warnings, new.refused)
BEGIN INSERT INTO due_cards VALUES (old.card_n); INSERT INTO due_cards VALUES (new.card_n); END;
CREATE TRIGGER facts_due AFTER UPDATE ON facts
    WHEN (old.reader, old.facts, old.sidecars) IS NOT (new.reader, new.facts, new.sidecars)
BEGIN INSERT INTO due_clips VALUES (new.clip_n); END;
CREATE TRIGGER clocks_due AFTER UPDATE OF zones ON clocks WHEN old.zones <> new.zones
BEGIN INSERT INTO due_clips VALUES (new.clip_n); END;
CREATE TRIGGER parts_due AFTER INSERT ON parts BEGIN INSERT INTO due_clips VALUES (new.clip_n); END;
CREATE TRIGGER parts_due_again AFTER UPDATE ON parts WHEN (old.frames, old.full) IS NOT (new.frames, new.full)
BEGIN INSERT INTO due_clips VALUES (new.clip_n); END;
CREATE TRIGGER places_due AFTER INSERT ON places BEGIN INSERT INTO due_cards VALUES (new.card_n); END;
CREATE TRIGGER places_due_no_more AFTER DELETE ON places BEGIN INSERT INTO due_cards VALUES (old.card_n); END;
CREATE TRIGGER places_due_again AFTER UPDATE ON places
    WHEN (old.card_n, old.clip_n, old.part, old.size, old.mtime_ns, old.quick, old.full, old.verified)
    IS NOT (new.card_n, new.clip_n, new.part, new.size, new.mtime_ns, new.quick, new.full, new.verified)
BEGIN INSERT INTO due_cards VALUES (old.card_n); INSERT INTO due_cards VALUES (new.card_n); END;
CREATE TRIGGER products_due AFTER INSERT ON products BEGIN INSERT INTO due_clips VALUES (new.clip_n); END;
CREATE TRIGGER products_due_again AFTER UPDATE ON products BEGIN INSERT INTO due_clips VALUES (new.clip_n); END;
CREATE TRIGGER products_due_no_more AFTER DELETE ON products BEGIN INSERT INTO due_clips VALUES (old.clip_n); END;
CREATE TRIGGER failures_due AFTER INSERT ON failures BEGIN INSERT INTO due_clips VALUES (new.clip_n); END;
CREATE TRIGGER failures_due_again AFTER UPDATE ON failures BEGIN INSERT INTO due_clips VALUES (new.clip_n); END;
CREATE TRIGGER failures_due_no_more AFTER DELETE ON failures BEGIN INSERT INTO due_clips VALUES (old.clip_n); END;
CREATE TRIGGER trails_due AFTER INSERT ON trails WHEN new.clip_n IS NOT NULL
BEGIN INSERT INTO due_clips VALUES (new.clip_n); END;
CREATE TRIGGER trails_due_no_more AFTER DELETE ON trails WHEN old.clip_n IS NOT NULL
BEGIN INSERT INTO due_clips VALUES (old.clip_n); END;
CREATE TRIGGER tracks_due AFTER INSERT ON track_cards BEGIN INSERT INTO due_cards VALUES (new.card_n); END;
CREATE TRIGGER tracks_due_no_more AFTER DELETE ON track_cards BEGIN INSERT INTO due_cards VALUES (old.card_n); END;
CREATE TRIGGER listed_due AFTER UPDATE OF verdict ON listed BEGIN INSERT INTO due_cards VALUES (new.card_n); END;
CREATE TRIGGER failed_files_due AFTER INSERT ON failed_files BEGIN INSERT INTO due_cards VALUES (new.card); END;
CREATE TRIGGER failed_files_due_no_more AFTER DELETE ON failed_files BEGIN INSERT INTO due_cards VALUES (old.card); END;
CREATE TRIGGER cards_due AFTER INSERT ON cards BEGIN INSERT INTO due_cards VALUES (new.n); END;
CREATE TRIGGER cards_due_again AFTER UPDATE OF name, structure, moment, reports, others, warnings ON cards
BEGIN INSERT INTO due_cards VALUES (new.n); END;
CREATE TRIGGER cards_due_no_more AFTER DELETE ON cards BEGIN
    INSERT OR REPLACE INTO due (sort, number, name) VALUES ('gone', old.root, old.path);
END;
CREATE TRIGGER corrections_due AFTER INSERT ON corrections BEGIN INSERT INTO due_film VALUES (0); END;
CREATE TRIGGER batches_due AFTER UPDATE OF undone ON batches BEGIN INSERT INTO due_film VALUES (0); END;
CREATE TRIGGER imports_due AFTER INSERT ON imports BEGIN INSERT INTO due_film VALUES (0); END;
CREATE TRIGGER cuts_due AFTER INSERT ON cuts BEGIN
    INSERT INTO due (sort, number, name) VALUES ('cut', new.version, new.name)
        ON CONFLICT (sort, number, name) DO UPDATE SET change = random();
END;
""",
    ),
)
