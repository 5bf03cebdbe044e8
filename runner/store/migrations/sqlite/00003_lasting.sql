-- What keeps an installation going: crashes, replicas, states.

-- +goose Up
ALTER TABLE workspaces ADD COLUMN backend TEXT NOT NULL DEFAULT '';

ALTER TABLE runs DROP COLUMN lease_until; -- a run is its owner's for as long as that holds its own lease

CREATE TABLE replicas (
  id          TEXT PRIMARY KEY,
  host        TEXT NOT NULL,
  kind        TEXT NOT NULL,
  version     TEXT NOT NULL,
  labels      TEXT NOT NULL,
  started_at  INTEGER NOT NULL,
  seen_at     INTEGER NOT NULL,
  lease_until INTEGER NOT NULL
);

CREATE TABLE leases (
  name  TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  until INTEGER NOT NULL
);
