package store

import (
	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

// Blobs implements runner.Tx.
func (t *tx) Blobs(prefix, after string, limit int) ([]runner.BlobInfo, error) {
	var rows []blobRow
	q := t.bun.NewSelect().Model(&rows).Column("key", "size").Order("key").Limit(int64(limit))
	if after != "" {
		q = q.Where("key > ?", text(after))
	}
	if prefix != "" {
		from, to := span(prefix)
		q = q.Where("key >= ? AND key < ?", from, to)
	}
	err := q.Scan(t.ctx)
	return records(rows, func(r blobRow) runner.BlobInfo { return runner.BlobInfo{Key: string(r.Key), Size: r.Size} }), one("list", "blobs", err)
}

// DeleteBlob implements runner.Tx.
func (t *tx) DeleteBlob(key string) error {
	result, err := t.bun.NewDelete().Model((*blobRow)(nil)).Where("key = ?", text(key)).Exec(t.ctx)
	return affected("delete blob", key, result, err)
}

// DeleteRun implements runner.Tx.
func (t *tx) DeleteRun(id int64) error {
	result, err := t.bun.NewDelete().Model((*runRow)(nil)).Where("id = ?", id).Exec(t.ctx)
	return affected("delete run", id, result, err)
}

// DeletePull implements runner.Tx.
func (t *tx) DeletePull(id int64) error {
	for _, table := range []string{"reports", "news"} {
		if _, err := t.bun.NewDelete().Table(table).Where("pull_id = ?", id).Exec(t.ctx); err != nil {
			return one("delete "+table+" of pull request", id, err)
		}
	}
	result, err := t.bun.NewDelete().Model((*pullRow)(nil)).Where("id = ?", id).Exec(t.ctx)
	return affected("delete pull request", id, result, err)
}

// Commands implements runner.Tx.
func (t *tx) Commands(f runner.CommandFilter) ([]runner.Command, error) {
	var rows []commandRow
	q := t.bun.NewSelect().Model(&rows).Order("repository", "comment_id").Limit(int64(f.Limit))
	if !f.Before.IsZero() {
		q = q.Where("at < ?", micros(f.Before))
	}
	err := q.Scan(t.ctx)
	return records(rows, commandRow.record), one("list", "commands", err)
}

// DeleteCommand implements runner.Tx.
func (t *tx) DeleteCommand(repository string, commentID int64) error {
	result, err := t.bun.NewDelete().Model((*commandRow)(nil)).Where("repository = ? AND comment_id = ?", text(repository), commentID).Exec(t.ctx)
	return affected("delete command of comment", commentID, result, err)
}

// StateIDs implements runner.Tx.
func (t *tx) StateIDs() (ids []workspaces.ID, err error) {
	var rows []stateRow
	err = t.bun.NewSelect().Model(&rows).Column("workspace").Distinct().Order("workspace").Scan(t.ctx)
	return records(rows, func(r stateRow) workspaces.ID { return workspaces.ID(r.Workspace) }), one("list", "states", err)
}

// DeleteState implements runner.Tx.
func (t *tx) DeleteState(id workspaces.ID, version int64) error {
	newer := t.bun.NewSelect().Model((*stateRow)(nil)).ModelTableExpr("states AS newer").Column("version").Where("newer.workspace = ? AND newer.version > ?", text(id), version)
	result, err := t.bun.NewDelete().Model((*stateRow)(nil)).Where("workspace = ? AND version = ?", text(id), version).Where("EXISTS (?)", newer).Exec(t.ctx)
	return affected("delete state of", id, result, err)
}
