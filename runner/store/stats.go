package store

import (
	"cmp"
	"slices"

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
		{&s.Workspaces, "workspaces", "TRUE", "CASE WHEN drift_since > 0 THEN drift_since END", []string{"repository", "sync", "health"}},
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
	s.Workspaces, s.Health = apart(s.Workspaces)
	var locks tallyRow
	err = t.bun.NewSelect().Table("state_locks").ColumnExpr("count(*) AS number").ColumnExpr("coalesce(min(created_at), 0) AS since").Scan(t.ctx, &locks)
	s.StateLocks = locks.record()
	return s, one("count", "state locks", err)
}

// apart makes two counts of one by repository, sync and health: one by repository and sync, and one by repository and health.
func apart(both []runner.Tally) (bySync, byHealth []runner.Tally) {
	for _, t := range both {
		byHealth = append(byHealth, runner.Tally{Repository: t.Repository, Health: t.Health, Number: t.Number})
		t.Health = ""
		bySync = append(bySync, t)
	}
	return summed(bySync), summed(byHealth)
}

// summed adds up what is about the same.
func summed(all []runner.Tally) (sums []runner.Tally) {
	order := func(a, b runner.Tally) int {
		return cmp.Or(cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.Sync, b.Sync), cmp.Compare(a.Health, b.Health))
	}
	slices.SortFunc(all, order)
	for _, t := range all {
		last := len(sums) - 1
		if last < 0 || order(sums[last], t) != 0 {
			sums = append(sums, t)
			continue
		}
		sum := &sums[last]
		if sum.Number += t.Number; sum.Since.IsZero() || !t.Since.IsZero() && t.Since.Before(sum.Since) {
			sum.Since = t.Since
		}
	}
	return sums
}
