-- The records of the runner. Times are integers: microseconds since 1970 in UTC, 0 for none. Nested values are JSON text.
-- "text" columns of foreign input hold bytes that are not UTF-8 escaped (see text.go).

-- +goose Up
CREATE TABLE settings (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE repositories (
  name      TEXT PRIMARY KEY,
  url       TEXT NOT NULL,
  branch    TEXT NOT NULL,
  head      TEXT NOT NULL,
  prev_head TEXT NOT NULL,
  diverged  TEXT NOT NULL,
  error     TEXT NOT NULL,
  polled_at INTEGER NOT NULL
);

CREATE TABLE pulls (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  repository    TEXT NOT NULL,
  key           TEXT NOT NULL,
  title         TEXT NOT NULL,
  author        TEXT NOT NULL,
  head          TEXT NOT NULL,
  base          TEXT NOT NULL,
  tree          TEXT NOT NULL,
  conflicts     TEXT NOT NULL,
  error         TEXT NOT NULL,
  notices       TEXT NOT NULL,
  orphans       TEXT NOT NULL,
  affected      TEXT NOT NULL,
  manual        TEXT NOT NULL,
  state         TEXT NOT NULL,
  merged_commit TEXT NOT NULL,
  created_at    INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL
);
CREATE UNIQUE INDEX pulls_open ON pulls (repository, key) WHERE state = 'open';
CREATE INDEX pulls_by_key ON pulls (repository, key, id);
CREATE INDEX pulls_by_state ON pulls (repository, state, id);

CREATE TABLE reports (
  pull_id INTEGER PRIMARY KEY,
  head    TEXT NOT NULL,
  runs    TEXT NOT NULL,
  at      INTEGER NOT NULL,
  pages   TEXT NOT NULL
);

CREATE TABLE runs (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  repository      TEXT NOT NULL,
  workspace       TEXT NOT NULL,
  purpose         TEXT NOT NULL,
  status          TEXT NOT NULL,
  pull_id         INTEGER NOT NULL,
  commit_id       TEXT NOT NULL,
  tree            TEXT NOT NULL,
  base            TEXT NOT NULL,
  input_digest    TEXT NOT NULL,
  triggered_by    TEXT NOT NULL,
  approves        INTEGER NOT NULL,
  actor           TEXT NOT NULL,
  reason          TEXT NOT NULL,
  engine          TEXT NOT NULL,
  summary         TEXT NOT NULL,
  plan_digest     TEXT NOT NULL,
  verdict         TEXT NOT NULL,
  policy_revision TEXT NOT NULL,
  unreviewed      TEXT NOT NULL,
  reviewers       TEXT NOT NULL,
  attempt         INTEGER NOT NULL,
  owner           TEXT NOT NULL,
  lease_until     INTEGER NOT NULL,
  created_at      INTEGER NOT NULL,
  started_at      INTEGER NOT NULL,
  planned_at      INTEGER NOT NULL,
  applied_at      INTEGER NOT NULL,
  finished_at     INTEGER NOT NULL
);
-- At most one run works on a workspace, besides plans of pull requests: across processes, whatever the code does.
CREATE UNIQUE INDEX runs_active ON runs (workspace)
  WHERE purpose <> 'plan' AND status IN ('planning', 'planned', 'ready', 'applying');
CREATE INDEX runs_by_workspace ON runs (workspace, id);
CREATE INDEX runs_by_workspace_status ON runs (workspace, status, id);
CREATE INDEX runs_by_repository ON runs (repository, id);
CREATE INDEX runs_by_repository_status ON runs (repository, status, id);
CREATE INDEX runs_by_status ON runs (status, id);
CREATE INDEX runs_by_purpose ON runs (purpose, id);
CREATE INDEX runs_by_pull ON runs (pull_id, id);
CREATE INDEX runs_by_time ON runs (created_at, id);

CREATE TABLE workspaces (
  id             TEXT PRIMARY KEY,
  repository     TEXT NOT NULL,
  sync           TEXT NOT NULL,
  reason         TEXT NOT NULL,
  labels         TEXT NOT NULL,
  owner          TEXT NOT NULL,
  depends_on     TEXT NOT NULL,
  target_digest  TEXT NOT NULL,
  target_commit  TEXT NOT NULL,
  base           TEXT NOT NULL,
  applied_digest TEXT NOT NULL,
  applied_commit TEXT NOT NULL,
  applied_tree   TEXT NOT NULL,
  applied_at     INTEGER NOT NULL,
  applied_run    INTEGER NOT NULL,
  prior          TEXT NOT NULL,
  checked_at     INTEGER NOT NULL,
  drift_since    INTEGER NOT NULL,
  orphan         INTEGER NOT NULL,
  updated_at     INTEGER NOT NULL,
  drift          TEXT NOT NULL
);
CREATE INDEX workspaces_by_repository ON workspaces (repository, id);
CREATE INDEX workspaces_by_sync ON workspaces (sync, id);

-- The labels again, to find workspaces by them.
CREATE TABLE workspace_labels (
  workspace TEXT NOT NULL REFERENCES workspaces (id) ON UPDATE CASCADE ON DELETE CASCADE,
  name      TEXT NOT NULL,
  value     TEXT NOT NULL,
  PRIMARY KEY (workspace, name)
);
CREATE INDEX workspace_labels_by_value ON workspace_labels (name, value, workspace);

CREATE TABLE events (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  at         INTEGER NOT NULL,
  kind       TEXT NOT NULL,
  actor      TEXT NOT NULL,
  repository TEXT NOT NULL,
  workspace  TEXT NOT NULL,
  run_id     INTEGER NOT NULL,
  pull_id    INTEGER NOT NULL,
  commit_id  TEXT NOT NULL,
  message    TEXT NOT NULL,
  data       TEXT NOT NULL
);
CREATE INDEX events_by_time ON events (at, id);
CREATE INDEX events_by_kind ON events (kind, id);
CREATE INDEX events_by_repository ON events (repository, id);
CREATE INDEX events_by_workspace ON events (workspace, id);
CREATE INDEX events_by_run ON events (run_id, id);
CREATE INDEX events_by_pull ON events (pull_id, id);

-- +goose StatementBegin
CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN
  SELECT RAISE(ABORT, 'events are only ever appended');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER events_remain BEFORE DELETE ON events BEGIN
  SELECT RAISE(ABORT, 'events are only ever appended');
END;
-- +goose StatementEnd

CREATE TABLE blobs (
  key     TEXT PRIMARY KEY,
  content BLOB NOT NULL -- compressed, then encrypted
);

CREATE TABLE states (
  workspace  TEXT NOT NULL,
  version    INTEGER NOT NULL,
  serial     INTEGER NOT NULL,
  lineage    TEXT NOT NULL,
  size       INTEGER NOT NULL,
  run_id     INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  digest     TEXT NOT NULL, -- HMAC of the content
  content    BLOB NOT NULL, -- compressed, then encrypted
  PRIMARY KEY (workspace, version)
);

CREATE TABLE state_locks (
  workspace  TEXT PRIMARY KEY,
  lock_id    TEXT NOT NULL,
  info       TEXT NOT NULL,
  run_id     INTEGER NOT NULL,
  created_at INTEGER NOT NULL
);

-- Without statistics SQLite takes every index for equally selective, and a few of ours are not: it would read a third of all
-- runs by their purpose to find those of one workspace. ANALYZE would find that out, again and again, and differently each
-- time; an estate is known well enough (10,000 workspaces, 1,000,000 runs). Numbers: rows, then rows per value of each prefix.
-- Statuses that people and workers ask for are rare.
ANALYZE;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('runs', 'runs_by_workspace', '1000000 100 1'),
  ('runs', 'runs_by_workspace_status', '1000000 100 20 1'),
  ('runs', 'runs_by_repository', '1000000 50000 1'),
  ('runs', 'runs_by_repository_status', '1000000 50000 500 1'),
  ('runs', 'runs_by_status', '1000000 1000 1'),
  ('runs', 'runs_by_purpose', '1000000 250000 1'),
  ('runs', 'runs_by_pull', '1000000 20 1'),
  ('runs', 'runs_by_time', '1000000 1 1'),
  ('events', 'events_by_time', '1000000 1 1'),
  ('events', 'events_by_kind', '1000000 50000 1'),
  ('events', 'events_by_repository', '1000000 50000 1'),
  ('events', 'events_by_workspace', '1000000 100 1'),
  ('events', 'events_by_run', '1000000 10 1'),
  ('events', 'events_by_pull', '1000000 50 1'),
  ('workspaces', 'workspaces_by_repository', '10000 500 1'),
  ('workspaces', 'workspaces_by_sync', '10000 1000 1'),
  ('workspace_labels', 'workspace_labels_by_value', '30000 10000 1000 1');
ANALYZE sqlite_schema;
