package store

import (
	"github.com/uptrace/bun"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

type reportRow struct {
	bun.BaseModel `bun:"table:reports"`
	PullID        int64                           `bun:"pull_id,pk"`
	Head          text                            `bun:"head"`
	Runs          nested[map[workspaces.ID]int64] `bun:"runs"`
	At            int64                           `bun:"at"`
	Pages         nested[[]string]                `bun:"pages"`
}

// Report implements runner.Tx.
func (t *tx) Report(pullID int64) (runner.Report, error) {
	var row reportRow
	err := t.bun.NewSelect().Model(&row).Where("pull_id = ?", pullID).Scan(t.ctx)
	return runner.Report{
		PullID: row.PullID, Head: string(row.Head), Runs: row.Runs.value, Pages: row.Pages.value, At: moment(row.At),
	}, one("report of pull request", pullID, err)
}

// PutReport implements runner.Tx.
func (t *tx) PutReport(r runner.Report) error {
	row := reportRow{
		PullID: r.PullID, Head: text(r.Head), Runs: nested[map[workspaces.ID]int64]{r.Runs}, Pages: nested[[]string]{r.Pages}, At: micros(r.At),
	}
	return one("put report of pull request", r.PullID, t.upsert(&row, "pull_id"))
}
