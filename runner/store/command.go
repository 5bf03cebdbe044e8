package store

import (
	"fmt"

	"github.com/uptrace/bun"

	"github.com/driftlessops/driftless/runner"
)

type commandRow struct {
	bun.BaseModel `bun:"table:commands"`
	Repository    text  `bun:"repository,pk"`
	CommentID     int64 `bun:"comment_id,pk"`
	Key           text  `bun:"key"`
	Author        text  `bun:"author"`
	Line          text  `bun:"line"`
	Outcome       text  `bun:"outcome"`
	At            int64 `bun:"at"`
}

func (row commandRow) record() runner.Command {
	return runner.Command{
		Repository: string(row.Repository), CommentID: row.CommentID, Key: string(row.Key), Author: string(row.Author),
		Text: string(row.Line), Outcome: string(row.Outcome), At: moment(row.At),
	}
}

// Command implements runner.Tx.
func (t *tx) Command(repository string, commentID int64) (runner.Command, error) {
	var row commandRow
	err := t.bun.NewSelect().Model(&row).Where("repository = ? AND comment_id = ?", text(repository), commentID).Scan(t.ctx)
	return row.record(), one("command of comment", commentID, err)
}

// PutCommand implements runner.Tx.
func (t *tx) PutCommand(c runner.Command) error {
	row := commandRow{
		Repository: text(c.Repository), CommentID: c.CommentID, Key: text(c.Key), Author: text(c.Author),
		Line: text(c.Text), Outcome: text(c.Outcome), At: micros(c.At),
	}
	result, err := t.bun.NewInsert().Model(&row).On("CONFLICT (repository, comment_id) DO NOTHING").Exec(t.ctx)
	if err = affected("put command of comment", c.CommentID, result, err); isNotFound(err) {
		return fmt.Errorf("put command of comment %d of %s: it is there already: %w", c.CommentID, c.Repository, runner.ErrConflict)
	}
	return err
}
