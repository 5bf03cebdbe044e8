package store

import (
	"github.com/uptrace/bun"

	"github.com/driftlessops/driftless/runner"
)

type repositoryRow struct {
	bun.BaseModel `bun:"table:repositories"`
	Name          text             `bun:"name,pk"`
	URL           text             `bun:"url"`
	Branch        text             `bun:"branch"`
	Head          text             `bun:"head"`
	PrevHead      text             `bun:"prev_head"`
	Diverged      text             `bun:"diverged"`
	Error         text             `bun:"error"`
	PolledAt      int64            `bun:"polled_at"`
	HeardAt       int64            `bun:"heard_at"`
	Problems      nested[[]string] `bun:"problems"`
}

func (r repositoryRow) record() runner.Repository {
	return runner.Repository{
		Name: string(r.Name), URL: string(r.URL), Branch: string(r.Branch), Head: string(r.Head), PrevHead: string(r.PrevHead),
		Diverged: string(r.Diverged), Error: string(r.Error), PolledAt: moment(r.PolledAt),
		HeardAt: moment(r.HeardAt), Problems: r.Problems.value,
	}
}

// Repository implements runner.Tx.
func (t *tx) Repository(name string) (runner.Repository, error) {
	var row repositoryRow
	err := t.bun.NewSelect().Model(&row).Where("name = ?", text(name)).Scan(t.ctx)
	return row.record(), one("repository", name, err)
}

// Repositories implements runner.Tx.
func (t *tx) Repositories() ([]runner.Repository, error) {
	var rows []repositoryRow
	err := t.bun.NewSelect().Model(&rows).Order("name").Scan(t.ctx)
	return records(rows, repositoryRow.record), one("list", "repositories", err)
}

// PutRepository implements runner.Tx.
func (t *tx) PutRepository(r runner.Repository) error {
	row := repositoryRow{
		Name: text(r.Name), URL: text(r.URL), Branch: text(r.Branch), Head: text(r.Head), PrevHead: text(r.PrevHead),
		Diverged: text(r.Diverged), Error: text(r.Error), PolledAt: micros(r.PolledAt),
		HeardAt: micros(r.HeardAt), Problems: nested[[]string]{r.Problems},
	}
	return one("put repository", r.Name, t.upsert(&row, "name"))
}

// upsert inserts a row or replaces the one with the same key.
func (t *tx) upsert(row any, key string) error {
	_, err := t.bun.NewInsert().Model(row).On("CONFLICT (?) DO UPDATE", bun.Ident(key)).Exec(t.ctx)
	return err
}

// records turns rows into what they stand for.
func records[R, T any](rows []R, record func(R) T) []T {
	all := make([]T, len(rows))
	for i, row := range rows {
		all[i] = record(row)
	}
	return all
}
