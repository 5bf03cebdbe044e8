-- What keeps an installation going: crashes, replicas, states.

-- +goose Up
ALTER TABLE workspaces ADD COLUMN backend TEXT NOT NULL DEFAULT '';
