-- A thousand workspaces: what waits, and for whom, and what is about to be applied is found without reading what else there is.

-- +goose Up
CREATE INDEX runs_queued ON runs (purpose, repository, pull_id, id) WHERE status = 'queued';
CREATE INDEX runs_ready ON runs (status, purpose, id) WHERE status = 'ready';

-- Of a workspace that only a pull request has: nothing else says whom its run keeps waiting, and for whom it waits.
ALTER TABLE runs ADD COLUMN labels TEXT COLLATE "C" NOT NULL DEFAULT 'null';

-- How many workspaces stand how is read from the index alone.
CREATE INDEX workspaces_by_standing ON workspaces (repository, sync, health, drift_since);
