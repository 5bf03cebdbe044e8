-- Of indexes that serve a query equally by its statistics, which it has none of, SQLite takes the newest. For the runs of a repository that
-- must be the one that has them in order: by runs_by_repository_purpose all of them were sorted for a page.

-- +goose Up
DROP INDEX runs_by_repository;
CREATE INDEX runs_by_repository ON runs (repository, id);
