package store

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"github.com/driftlessops/driftless/runner"
)

type postRow struct {
	bun.BaseModel `bun:"table:posts"`
	ID            int64            `bun:"id,pk,autoincrement"`
	Repository    text             `bun:"repository"`
	Kind          text             `bun:"kind"`
	Key           text             `bun:"key"`
	Want          text             `bun:"want"`
	Version       int64            `bun:"version"`
	Shown         int64            `bun:"shown"`
	Remote        nested[[]string] `bun:"remote"`
	Attempts      int              `bun:"attempts"`
	NextAt        int64            `bun:"next_at"`
	Error         text             `bun:"error"`
	CreatedAt     int64            `bun:"created_at"`
	UpdatedAt     int64            `bun:"updated_at"`
	ShownAt       int64            `bun:"shown_at"`
}

func newPostRow(p runner.Post) postRow {
	return postRow{
		ID: p.ID, Repository: text(p.Repository), Kind: text(p.Kind), Key: text(p.Key), Want: text(p.Want), Version: p.Version,
		Shown: p.Shown, Remote: nested[[]string]{p.Remote}, Attempts: p.Attempts, NextAt: micros(p.NextAt), Error: text(p.Error),
		CreatedAt: micros(p.CreatedAt), UpdatedAt: micros(p.UpdatedAt), ShownAt: micros(p.ShownAt),
	}
}

func (r postRow) record() runner.Post {
	return runner.Post{
		ID: r.ID, Repository: string(r.Repository), Kind: runner.PostKind(r.Kind), Key: string(r.Key), Want: raw(r.Want), Version: r.Version,
		Shown: r.Shown, Remote: r.Remote.value, Attempts: r.Attempts, NextAt: moment(r.NextAt), Error: string(r.Error),
		CreatedAt: moment(r.CreatedAt), UpdatedAt: moment(r.UpdatedAt), ShownAt: moment(r.ShownAt),
	}
}

// Post implements runner.Tx.
func (t *tx) Post(repository string, kind runner.PostKind, key string) (runner.Post, error) {
	var row postRow
	err := t.bun.NewSelect().Model(&row).Where("repository = ? AND kind = ? AND key = ?", text(repository), text(kind), text(key)).Scan(t.ctx)
	return row.record(), one(string(kind), key+" of "+repository, err)
}

// Posts implements runner.Tx.
func (t *tx) Posts(f runner.PostFilter) ([]runner.Post, error) {
	var rows []postRow
	q := t.bun.NewSelect().Model(&rows).Limit(int64(f.Limit))
	q = equal(q, "repository", text(f.Repository))
	q = equal(q, "kind", text(f.Kind))
	if f.KeyPrefix != "" {
		from, to := span(f.KeyPrefix)
		q = q.Where("key >= ? AND key < ?", from, to)
	}
	if f.After > 0 {
		q = q.Where("id > ?", f.After)
	}
	if f.Waiting {
		q = q.Where("shown < version") // as the index posts_waiting says it
	}
	switch { // PostgreSQL expects that many wait, and would look for them among all, in the order of their ids
	case f.Waiting && f.Limit > 0:
		q = q.OrderExpr("+id")
	case !f.Waiting:
		q = q.Order("id")
	}
	if !f.DueBy.IsZero() {
		q = q.Where("(next_at <= ? OR next_at > ?)", micros(f.DueBy), micros(f.DueBy.Add(runner.MostPutOff)))
	}
	err := q.Scan(t.ctx)
	slices.SortFunc(rows, func(a, b postRow) int { return cmp.Compare(a.ID, b.ID) })
	return records(rows, postRow.record), one("list", "posts", err)
}

// PutPost implements runner.Tx.
func (t *tx) PutPost(p *runner.Post) error {
	// Asked first, because a unique rule that fires ends the transaction on some databases.
	taken, err := t.bun.NewSelect().Model((*postRow)(nil)).
		Where("repository = ? AND kind = ? AND key = ? AND id <> ?", text(p.Repository), text(p.Kind), text(p.Key), p.ID).Exists(t.ctx)
	if err != nil {
		return one("put "+string(p.Kind), p.Key, err)
	} else if taken {
		return fmt.Errorf("put %s %s of %s: there is one already: %w", p.Kind, p.Key, p.Repository, runner.ErrConflict)
	}
	row := newPostRow(*p)
	if p.ID != 0 {
		result, err := t.bun.NewUpdate().Model(&row).WherePK().Exec(t.ctx)
		return affected("put post", p.ID, result, err)
	}
	if _, err := t.bun.NewInsert().Model(&row).Returning("id").Exec(t.ctx); err != nil {
		return one("put "+string(p.Kind), p.Key, err)
	}
	p.ID = row.ID
	return nil
}

// DeletePost implements runner.Tx.
func (t *tx) DeletePost(id int64) error {
	result, err := t.bun.NewDelete().Model((*postRow)(nil)).Where("id = ?", id).Exec(t.ctx)
	return affected("delete post", id, result, err)
}
