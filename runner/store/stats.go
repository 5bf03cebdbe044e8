package store

import (
	"github.com/uptrace/bun"

	"github.com/driftlessops/driftless/runner"
)

// tallyRow is one line of a count.
type tallyRow struct {
	Repository text  `bun:"repository"`
	Purpose    text  `bun:"purpose"`
	Status     text  `bun:"status"`
	Sync       text  `bun:"sync"`
	Health     text  `bun:"health"`
	Number     int   `bun:"number"`
	Since      int64 `bun:"since"`
}

func (r tallyRow) record() runner.Tally {
	return runner.Tally{
		Repository: string(r.Repository), Purpose: runner.Purpose(r.Purpose), Status: runner.Status(r.Status), Sync: runner.Sync(r.Sync),
		Health: runner.Health(r.Health), Number: r.Number, Since: moment(r.Since),
	}
}

// open are the runs that are not over: of those that wait for a person, none that only a pull request shows.
const open = `status IN ('queued', 'planning', 'planned', 'applying', 'held', 'blocked', 'interrupted')
	AND (purpose <> 'plan' OR status IN ('queued', 'planning', 'planned'))`

// Stats implements runner.Tx. Each count reads an index whose rows are few, or the workspaces.
func (t *tx) Stats() (s runner.Stats, err error) {
	for _, count := range []struct {
		into         *[]runner.Tally
		table, where string
		since        string // what tells since when
		by           []string
	}{
		{&s.Workspaces, "workspaces", "TRUE", "CASE WHEN drift_since > 0 THEN drift_since END", []string{"repository", "sync"}},
		{&s.Health, "workspaces", "TRUE", "0", []string{"repository", "health"}},
		{&s.Runs, "runs", open, "created_at", []string{"purpose", "status"}},
		{&s.Posts, "posts", "shown < version", "updated_at", []string{"repository"}},
		{&s.PostsFailed, "posts", "shown < version AND error <> ''", "updated_at", []string{"repository"}},
	} {
		var rows []tallyRow
		q := t.bun.NewSelect().Table(count.table).Where(count.where).Column(count.by...).ColumnExpr("count(*) AS number").
			ColumnExpr("coalesce(min(?), 0) AS since", bun.Safe(count.since)).Group(count.by...).Order(count.by...)
		if err := q.Scan(t.ctx, &rows); err != nil {
			return s, one("count", count.table, err)
		}
		*count.into = records(rows, tallyRow.record)
	}
	var locks tallyRow
	err = t.bun.NewSelect().Table("state_locks").ColumnExpr("count(*) AS number").ColumnExpr("coalesce(min(created_at), 0) AS since").Scan(t.ctx, &locks)
	s.StateLocks = locks.record()
	return s, one("count", "state locks", err)
}
