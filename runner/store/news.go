package store

import (
	"github.com/uptrace/bun"

	"github.com/driftlessops/driftless/runner"
)

type newsRow struct {
	bun.BaseModel `bun:"table:news"`
	PullID        int64 `bun:"pull_id,pk"`
	Repository    text  `bun:"repository"`
	EventID       int64 `bun:"event_id"`
}

func (r newsRow) record() runner.News {
	return runner.News{PullID: r.PullID, Repository: string(r.Repository), EventID: r.EventID}
}

// News implements runner.Tx.
func (t *tx) News(f runner.NewsFilter) ([]runner.News, error) {
	var rows []newsRow
	q := t.bun.NewSelect().Model(&rows).Order("event_id")
	q = equal(q, "repository", text(f.Repository))
	q = equal(q, "pull_id", f.PullID)
	err := q.Scan(t.ctx)
	return records(rows, newsRow.record), one("list", "news", err)
}

// PutNews implements runner.Tx.
func (t *tx) PutNews(n runner.News) error {
	row := newsRow{PullID: n.PullID, Repository: text(n.Repository), EventID: n.EventID}
	return one("put news of pull request", n.PullID, t.upsert(&row, "pull_id"))
}

// DeleteNews implements runner.Tx.
func (t *tx) DeleteNews(n runner.News) error {
	_, err := t.bun.NewDelete().Model((*newsRow)(nil)).Where("pull_id = ? AND event_id <= ?", n.PullID, n.EventID).Exec(t.ctx)
	return one("delete news of pull request", n.PullID, err)
}
