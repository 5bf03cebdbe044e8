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
	Earlier       nested[[]shownRow]              `bun:"earlier"`
}

// shownRow is a runner.Shown, as JSON.
type shownRow struct {
	Runs map[workspaces.ID]int64 `json:"runs"`
	At   int64                   `json:"at"`
}

func newShownRow(s runner.Shown) shownRow { return shownRow{Runs: s.Runs, At: micros(s.At)} }
func (r shownRow) record() runner.Shown   { return runner.Shown{Runs: r.Runs, At: moment(r.At)} }

// Report implements runner.Tx.
func (t *tx) Report(pullID int64) (runner.Report, error) {
	var row reportRow
	err := t.bun.NewSelect().Model(&row).Where("pull_id = ?", pullID).Scan(t.ctx)
	report := runner.Report{
		PullID: row.PullID, Head: string(row.Head), Runs: row.Runs.value, Pages: row.Pages.value, At: moment(row.At),
	}
	if len(row.Earlier.value) > 0 {
		report.Earlier = records(row.Earlier.value, shownRow.record)
	}
	return report, one("report of pull request", pullID, err)
}

// PutReport implements runner.Tx.
func (t *tx) PutReport(r runner.Report) error {
	row := reportRow{
		PullID: r.PullID, Head: text(r.Head), Runs: nested[map[workspaces.ID]int64]{r.Runs}, Pages: nested[[]string]{r.Pages}, At: micros(r.At),
		Earlier: nested[[]shownRow]{records(r.Earlier, newShownRow)},
	}
	return one("put report of pull request", r.PullID, t.upsert(&row, "pull_id"))
}
