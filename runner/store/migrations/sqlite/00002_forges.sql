-- What hosts with an API know of repositories and pull requests, what they are to show, and what was asked for there.

-- +goose Up
ALTER TABLE repositories ADD COLUMN heard_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE repositories ADD COLUMN problems TEXT NOT NULL DEFAULT 'null';

ALTER TABLE pulls ADD COLUMN url         TEXT NOT NULL DEFAULT '';
ALTER TABLE pulls ADD COLUMN target      TEXT NOT NULL DEFAULT '';
ALTER TABLE pulls ADD COLUMN fork        INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pulls ADD COLUMN draft       INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pulls ADD COLUMN aside       TEXT NOT NULL DEFAULT '';
ALTER TABLE pulls ADD COLUMN trusted     TEXT NOT NULL DEFAULT '';
ALTER TABLE pulls ADD COLUMN trusted_by  TEXT NOT NULL DEFAULT '';
ALTER TABLE pulls ADD COLUMN merged_by   TEXT NOT NULL DEFAULT '';
ALTER TABLE pulls ADD COLUMN reviewed_by TEXT NOT NULL DEFAULT 'null';
ALTER TABLE pulls ADD COLUMN before      TEXT NOT NULL DEFAULT 'null';
ALTER TABLE pulls ADD COLUMN merged_at   INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pulls ADD COLUMN asked_at    INTEGER NOT NULL DEFAULT 0;

CREATE INDEX pulls_by_head ON pulls (repository, head, id);

ALTER TABLE reports ADD COLUMN earlier TEXT NOT NULL DEFAULT 'null';

-- The last event that the report of a pull request does not tell of yet.
CREATE TABLE news (
  pull_id    INTEGER PRIMARY KEY,
  repository TEXT NOT NULL,
  event_id   INTEGER NOT NULL
);

ALTER TABLE workspaces ADD COLUMN reserved INTEGER NOT NULL DEFAULT 0;

CREATE TABLE posts (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  repository TEXT NOT NULL,
  kind       TEXT NOT NULL,
  key        TEXT NOT NULL,
  want       TEXT NOT NULL,
  version    INTEGER NOT NULL,
  shown      INTEGER NOT NULL,
  remote     TEXT NOT NULL,
  attempts   INTEGER NOT NULL,
  next_at    INTEGER NOT NULL,
  error      TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  shown_at   INTEGER NOT NULL
);
CREATE UNIQUE INDEX posts_by_key ON posts (repository, kind, key);
-- Whoever posts asks for these again and again; they are few among all that were ever shown.
CREATE INDEX posts_waiting ON posts (repository, kind, id) WHERE shown < version;

CREATE TABLE commands (
  repository TEXT NOT NULL,
  comment_id INTEGER NOT NULL,
  key        TEXT NOT NULL,
  author     TEXT NOT NULL,
  line       TEXT NOT NULL,
  outcome    TEXT NOT NULL,
  at         INTEGER NOT NULL,
  PRIMARY KEY (repository, comment_id)
);

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('pulls', 'pulls_by_head', '100000 5000 1 1'),
  ('posts', 'posts_by_key', '200000 10000 2000 1'),
  ('posts', 'posts_waiting', '200 10 2 1');
ANALYZE sqlite_schema;
