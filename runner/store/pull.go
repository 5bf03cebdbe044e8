package store

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

type pullRow struct {
	bun.BaseModel `bun:"table:pulls"`
	ID            int64                   `bun:"id,pk,autoincrement"`
	Repository    text                    `bun:"repository"`
	Key           text                    `bun:"key"`
	Title         text                    `bun:"title"`
	Author        text                    `bun:"author"`
	Head          text                    `bun:"head"`
	Base          text                    `bun:"base"`
	Tree          text                    `bun:"tree"`
	Conflicts     nested[[]string]        `bun:"conflicts"`
	Error         text                    `bun:"error"`
	Notices       nested[[]string]        `bun:"notices"`
	Orphans       nested[[]workspaces.ID] `bun:"orphans"`
	Affected      nested[[]workspaces.ID] `bun:"affected"`
	Manual        nested[[]workspaces.ID] `bun:"manual"`
	State         text                    `bun:"state"`
	MergedCommit  text                    `bun:"merged_commit"`
	CreatedAt     int64                   `bun:"created_at"`
	UpdatedAt     int64                   `bun:"updated_at"`
	URL           text                    `bun:"url"`
	Target        text                    `bun:"target"`
	Fork          flag                    `bun:"fork"`
	Draft         flag                    `bun:"draft"`
	Aside         text                    `bun:"aside"`
	Trusted       text                    `bun:"trusted"`
	TrustedBy     text                    `bun:"trusted_by"`
	MergedBy      text                    `bun:"merged_by"`
	ReviewedBy    nested[[]string]        `bun:"reviewed_by"`
	Before        nested[[]workspaces.ID] `bun:"before"`
	MergedAt      int64                   `bun:"merged_at"`
	AskedAt       int64                   `bun:"asked_at"`
}

func newPullRow(p runner.Pull) pullRow {
	return pullRow{
		ID: p.ID, Repository: text(p.Repository), Key: text(p.Key), Title: text(p.Title), Author: text(p.Author), Head: text(p.Head),
		Base: text(p.Base), Tree: text(p.Tree), Conflicts: nested[[]string]{p.Conflicts}, Error: text(p.Error),
		Notices: nested[[]string]{p.Notices}, Orphans: nested[[]workspaces.ID]{p.Orphans}, Affected: nested[[]workspaces.ID]{p.Affected},
		Manual: nested[[]workspaces.ID]{p.Manual},
		State:  text(p.State), MergedCommit: text(p.MergedCommit), CreatedAt: micros(p.CreatedAt), UpdatedAt: micros(p.UpdatedAt),
		URL: text(p.URL), Target: text(p.Target), Fork: flag(p.Fork), Draft: flag(p.Draft), Aside: text(p.Aside),
		Trusted: text(p.Trusted), TrustedBy: text(p.TrustedBy), MergedBy: text(p.MergedBy), ReviewedBy: nested[[]string]{p.ReviewedBy},
		Before: nested[[]workspaces.ID]{p.Before}, MergedAt: micros(p.MergedAt), AskedAt: micros(p.AskedAt),
	}
}

func (r pullRow) record() runner.Pull {
	return runner.Pull{
		ID: r.ID, Repository: string(r.Repository), Key: string(r.Key), Title: string(r.Title), Author: string(r.Author), Head: string(r.Head),
		Base: string(r.Base), Tree: string(r.Tree), Conflicts: r.Conflicts.value, Error: string(r.Error), Notices: r.Notices.value,
		Orphans: r.Orphans.value, Affected: r.Affected.value, Manual: r.Manual.value, State: runner.PullState(r.State), MergedCommit: string(r.MergedCommit),
		CreatedAt: moment(r.CreatedAt), UpdatedAt: moment(r.UpdatedAt),
		URL: string(r.URL), Target: string(r.Target), Fork: bool(r.Fork), Draft: bool(r.Draft), Aside: string(r.Aside),
		Trusted: string(r.Trusted), TrustedBy: string(r.TrustedBy), MergedBy: string(r.MergedBy), ReviewedBy: r.ReviewedBy.value,
		Before: r.Before.value, MergedAt: moment(r.MergedAt), AskedAt: moment(r.AskedAt),
	}
}

// Pull implements runner.Tx.
func (t *tx) Pull(id int64) (runner.Pull, error) {
	var row pullRow
	err := t.bun.NewSelect().Model(&row).Where("id = ?", id).Scan(t.ctx)
	return row.record(), one("pull request", id, err)
}

// Pulls implements runner.Tx.
func (t *tx) Pulls(f runner.PullFilter) ([]runner.Pull, error) {
	var rows []pullRow
	q := t.bun.NewSelect().Model(&rows).Limit(int64(f.Limit))
	if f.Brief {
		q = q.Column("id", "repository", "key", "state", "merged_commit", "created_at")
	}
	if f.Oldest {
		q = q.Order("id").Where("id > ?", f.After)
	} else {
		q = q.Order("id DESC")
	}
	q = equal(q, "repository", text(f.Repository))
	q = equal(q, "key", text(f.Key))
	q = equal(q, "head", text(f.Head))
	q = equal(q, "state", text(f.State))
	if f.Merges != nil { // of none there is none
		all := []text{}
		for _, commit := range f.Merges {
			all = append(all, text(commit))
		}
		q = q.Where("merged_commit IN (?)", bun.List(all))
	}
	if f.Affects != "" {
		q = q.Where("affected LIKE ? ESCAPE '!'", text("%"+likely.Replace(string(quoted(f.Affects)))+"%"))
	}
	err := q.Scan(t.ctx)
	return records(rows, pullRow.record), one("list", "pull requests", err)
}

// PutPull implements runner.Tx.
func (t *tx) PutPull(p *runner.Pull) error {
	if p.State == runner.Open {
		// Asked first, because a unique rule that fires ends the transaction on some databases.
		taken, err := t.bun.NewSelect().Model((*pullRow)(nil)).
			Where("repository = ? AND key = ? AND state = 'open' AND id <> ?", text(p.Repository), text(p.Key), p.ID).Exists(t.ctx)
		if err != nil {
			return one("put pull request", p.Key, err)
		} else if taken {
			return fmt.Errorf("put pull request %s of %s: another one is open: %w", p.Key, p.Repository, runner.ErrConflict)
		}
	}
	row := newPullRow(*p)
	if p.ID != 0 {
		result, err := t.bun.NewUpdate().Model(&row).WherePK().Exec(t.ctx)
		return affected("put pull request", p.ID, result, err)
	}
	if _, err := t.bun.NewInsert().Model(&row).Returning("id").Exec(t.ctx); err != nil {
		return one("put pull request", p.Key, err)
	}
	p.ID = row.ID
	return nil
}

// likely escapes what has a meaning in a LIKE pattern.
var likely = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// quoted is a workspace as it stands in a column of JSON.
func quoted(id workspaces.ID) text {
	data, err := json.Marshal(id)
	if err != nil {
		panic(fmt.Sprintf("a string that is no JSON: %v", err))
	}
	return text(data)
}

// equal adds a condition unless the value is the zero value.
func equal[T comparable](q *bun.SelectQuery, column string, value T) *bun.SelectQuery {
	var zero T
	if value == zero {
		return q
	}
	return q.Where("? = ?", bun.Ident(column), value)
}
