-- The runs of a rare purpose in one repository of many are found without reading all others.

-- +goose Up
CREATE INDEX runs_by_repository_purpose ON runs (repository, purpose, id);
