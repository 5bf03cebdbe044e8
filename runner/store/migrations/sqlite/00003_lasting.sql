-- What keeps an installation going: crashes, replicas, states, the history.

-- +goose Up
ALTER TABLE workspaces ADD COLUMN backend TEXT NOT NULL DEFAULT '';
ALTER TABLE workspaces ADD COLUMN health TEXT NOT NULL DEFAULT 'Unknown';
ALTER TABLE workspaces ADD COLUMN health_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workspaces ADD COLUMN failing TEXT NOT NULL DEFAULT 'null';

ALTER TABLE runs DROP COLUMN lease_until; -- a run is its owner's for as long as that holds its own lease
ALTER TABLE runs ADD COLUMN not_before INTEGER NOT NULL DEFAULT 0; -- a queued run waits for the end of an outage
ALTER TABLE runs ADD COLUMN stale INTEGER NOT NULL DEFAULT 0;      -- how many plans before it the state had overtaken

CREATE TABLE replicas (
  id          TEXT PRIMARY KEY,
  host        TEXT NOT NULL,
  kind        TEXT NOT NULL,
  version     TEXT NOT NULL,
  labels      TEXT NOT NULL,
  keys        TEXT NOT NULL, -- that it can read with
  started_at  INTEGER NOT NULL,
  seen_at     INTEGER NOT NULL,
  lease_until INTEGER NOT NULL
);

CREATE TABLE leases (
  name  TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  until INTEGER NOT NULL
);

-- The history is a chain: each event holds the hash of itself and of the one before (package audit). Events from before this
-- step get theirs when the database is opened, and no event ever another one.
ALTER TABLE events ADD COLUMN hash TEXT NOT NULL DEFAULT '';
DROP TRIGGER events_stay;
-- +goose StatementBegin
CREATE TRIGGER events_stay BEFORE UPDATE ON events
WHEN OLD.hash <> '' OR (OLD.id, OLD.at, OLD.kind, OLD.actor, OLD.repository, OLD.workspace, OLD.run_id, OLD.pull_id, OLD.commit_id, OLD.message, OLD.data)
  IS NOT (NEW.id, NEW.at, NEW.kind, NEW.actor, NEW.repository, NEW.workspace, NEW.run_id, NEW.pull_id, NEW.commit_id, NEW.message, NEW.data)
BEGIN
  SELECT RAISE(ABORT, 'events are only ever appended');
END;
-- +goose StatementEnd

-- The last event that was pruned: what comes after it stays.
CREATE TABLE event_anchor (
  one    INTEGER PRIMARY KEY CHECK (one = 1),
  id     INTEGER NOT NULL,
  hash   TEXT NOT NULL,
  events INTEGER NOT NULL,
  at     INTEGER NOT NULL
);
INSERT INTO event_anchor VALUES (1, 0, '', 0, 0);
DROP TRIGGER events_remain;
-- +goose StatementBegin
CREATE TRIGGER events_remain BEFORE DELETE ON events WHEN OLD.id > (SELECT id FROM event_anchor) BEGIN
  SELECT RAISE(ABORT, 'events are only ever appended');
END;
-- +goose StatementEnd

-- Which resources an apply changed, with the event that says who and when.
CREATE TABLE run_changes (
  event_id  INTEGER NOT NULL,
  run_id    INTEGER NOT NULL,
  workspace TEXT NOT NULL,
  address   TEXT NOT NULL,
  action    TEXT NOT NULL,
  previous  TEXT NOT NULL -- address before it moved
);
CREATE INDEX run_changes_by_event ON run_changes (event_id);
CREATE INDEX run_changes_by_address ON run_changes (address, event_id);
CREATE INDEX run_changes_by_previous ON run_changes (previous, event_id) WHERE previous <> '';

-- For which key a content was encrypted; '' = by an earlier driftless, which did not write it down. Sizes are of what is stored.
ALTER TABLE blobs ADD COLUMN sealed_for TEXT NOT NULL DEFAULT '';
ALTER TABLE blobs ADD COLUMN size INTEGER NOT NULL DEFAULT 0;
UPDATE blobs SET size = length(content);
CREATE INDEX blobs_sealed ON blobs (sealed_for, key);
CREATE INDEX blobs_sized ON blobs (key, size);
ALTER TABLE states ADD COLUMN sealed_for TEXT NOT NULL DEFAULT '';
CREATE INDEX states_sealed ON states (sealed_for, workspace, version);

-- What an approval covers stays as long as the approval.
CREATE INDEX runs_by_approves ON runs (approves) WHERE approves <> 0;
CREATE INDEX commands_by_time ON commands (at);

-- States that engines left behind are kept apart from what goes with age.
UPDATE blobs SET key = 'rescued/' || substr(key, 6) WHERE key GLOB 'runs/[0-9]*/errored.tfstate' OR key GLOB 'runs/[0-9]*/terraform.tfstate';
