package store

import (
	"github.com/uptrace/bun"

	"github.com/driftlessops/driftless/runner"
)

type waitingRow struct {
	ID         int64 `bun:"first"`
	Repository text  `bun:"repository"`
	PullID     int64 `bun:"pull_id"`
}

func (r waitingRow) record() runner.Waiting {
	return runner.Waiting{ID: r.ID, Repository: string(r.Repository), PullID: r.PullID}
}

// Queue implements runner.Tx. It reads an index, and no run.
func (t *tx) Queue(purposes []runner.Purpose, heads bool) ([]runner.Waiting, error) {
	var rows []waitingRow
	err := queue(t.bun.NewSelect(), purposes, heads).Scan(t.ctx, &rows)
	return records(rows, waitingRow.record), one("list", "the queue", err)
}

func queue(q *bun.SelectQuery, purposes []runner.Purpose, heads bool) *bun.SelectQuery {
	q = among(q.Table("runs").Column("repository", "pull_id").Where("status = 'queued'"), "purpose", purposes)
	if heads {
		return q.ColumnExpr("min(id) AS first").Group("repository", "pull_id").Order("first")
	}
	return q.ColumnExpr("id AS first").Order("first")
}

// UnderWay implements runner.Tx. Plans of pull requests that are ready are many; the index runs_ready leaves them out.
func (t *tx) UnderWay() ([]runner.Run, error) {
	var rows []runRow
	err := underWay(t.bun.NewSelect().Model(&rows)).Scan(t.ctx)
	return records(rows, runRow.record), one("list", "runs under way", err)
}

func underWay(q *bun.SelectQuery) *bun.SelectQuery {
	return q.Where("id IN (SELECT id FROM runs WHERE status IN ('planning', 'planned', 'applying') " +
		"UNION ALL SELECT id FROM runs WHERE status = 'ready' AND purpose IN ('apply', 'drift', 'destroy'))").Order("id")
}
