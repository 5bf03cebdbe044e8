package store

import (
	"github.com/driftlessops/driftless/runner"
)

// NewestRuns implements runner.Tx. For each workspace an index is read from its end.
func (t *tx) NewestRuns(f runner.RunFilter) ([]runner.Run, error) {
	repository := text(f.Repository)
	f.Repository = ""
	newest := matching(t.bun.NewSelect().Model((*runRow)(nil)).Column("id").Where("workspace = w.id"), f).Order("id DESC").Limit(1)
	each := t.bun.NewSelect().TableExpr("workspaces AS w").ColumnExpr("(?)", newest).Where("w.repository = ?", repository)
	var rows []runRow
	err := t.bun.NewSelect().Model(&rows).Where("id IN (?)", each).Order("id DESC").Scan(t.ctx)
	return records(rows, runRow.record), one("list newest runs of", repository, err)
}
