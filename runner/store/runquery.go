package store

import (
	"strings"

	"github.com/uptrace/bun"

	"github.com/driftlessops/driftless/runner"
)

// Runs implements runner.Tx.
func (t *tx) Runs(f runner.RunFilter) ([]runner.Run, error) {
	var rows []runRow
	q := t.bun.NewSelect().Model(&rows).Order(order(f)).Limit(int64(f.Limit))
	if f.Brief {
		q = q.Column("id", "workspace", "status", "pull_id", "commit_id", "reviewers", "created_at", "applied_at", "finished_at")
	}
	if branches := branches(f); f.Limit > 0 && len(branches) > 1 {
		q = t.firstOf(q, branches)
	} else {
		q = matching(q, f)
	}
	err := q.Scan(t.ctx)
	return records(rows, runRow.record), one("list", "runs", err)
}

// order is the order of a filter.
func order(f runner.RunFilter) string {
	if f.Oldest {
		return "id"
	}
	return "id DESC"
}

// matching adds the conditions of a filter.
func matching(q *bun.SelectQuery, f runner.RunFilter) *bun.SelectQuery {
	if len(f.IDs) > 0 {
		q = q.Where("id IN (?)", bun.List(f.IDs))
	}
	q = equal(q, "repository", text(f.Repository))
	q = equal(q, "workspace", text(f.Workspace))
	q = equal(q, "pull_id", f.PullID)
	if f.Approves != 0 {
		q = q.Where("approves = ? AND approves <> 0", f.Approves) // as the index runs_by_approves says it
	}
	if f.Tracked {
		q = q.Where("+pull_id = 0") // of no index: that is what most runs are
	}
	q = among(q, "purpose", f.Purposes)
	q = among(q, "status", f.Statuses)
	if f.Before > 0 {
		q = q.Where("id < ?", f.Before)
	}
	if f.After > 0 {
		q = q.Where("id > ?", f.After)
	}
	return q
}

// branches splits a filter into filters with one status, or else one purpose, each. The first of one value are read from
// an index in order; of several values at once, databases collect all and then sort them.
func branches(f runner.RunFilter) []runner.RunFilter {
	var split []runner.RunFilter
	if len(f.Statuses) > 0 {
		for _, status := range f.Statuses {
			one := f
			one.Statuses = []runner.Status{status}
			split = append(split, one)
		}
		return split
	}
	if f.Workspace != "" || f.PullID != 0 {
		return nil // few enough
	}
	for _, purpose := range f.Purposes {
		one := f
		one.Purposes = []runner.Purpose{purpose}
		split = append(split, one)
	}
	return split
}

// firstOf selects among the first of each branch.
func (t *tx) firstOf(q *bun.SelectQuery, branches []runner.RunFilter) *bun.SelectQuery {
	var parts []string
	var args []any
	for _, branch := range branches {
		ids := t.bun.NewSelect().Model((*runRow)(nil)).Column("id").Order(order(branch)).Limit(int64(branch.Limit))
		parts = append(parts, "SELECT id FROM (?) AS branch")
		args = append(args, matching(ids, branch))
	}
	return q.Where("id IN ("+strings.Join(parts, " UNION ALL ")+")", args...)
}

// among adds a condition unless there are no values.
func among[T ~string](q *bun.SelectQuery, column string, values []T) *bun.SelectQuery {
	if len(values) == 0 {
		return q
	}
	all := make([]text, len(values))
	for i, v := range values {
		all[i] = text(v)
	}
	if len(all) == 1 {
		return equal(q, column, all[0])
	}
	return q.Where("? IN (?)", bun.Ident(column), bun.List(all))
}
