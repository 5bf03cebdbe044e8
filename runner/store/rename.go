package store

import (
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

// RenameWorkspace implements runner.Tx. Events keep the name that they were written with; what applies changed is found by the new one. Runs that the new identity has
// already, such as plans of the pull request that renames it, stay.
func (t *tx) RenameWorkspace(from, to workspaces.ID) error {
	// A record of the new identity under which nothing was ever applied says nothing that the old one does not.
	_, err := t.bun.NewDelete().Table("workspaces").Where("id = ?", text(to)).Where("applied_commit = ''").Exec(t.ctx)
	if err != nil {
		return fmt.Errorf("rename workspace %s: %w", from, t.db.explain(err))
	}
	for _, table := range []struct{ name, column string }{{"workspaces", "id"}, {"states", "workspace"}, {"state_locks", "workspace"}} {
		taken, err := t.bun.NewSelect().TableExpr("?", bun.Ident(table.name)).Where("? = ?", bun.Ident(table.column), text(to)).Exists(t.ctx)
		if err != nil {
			return one("rename workspace", from, err)
		} else if taken {
			return fmt.Errorf("rename workspace %s: %s has %s already: %w", from, to, table.name, runner.ErrConflict)
		}
	}
	result, err := t.bun.NewUpdate().Table("workspaces").Set("id = ?", text(to)).Where("id = ?", text(from)).Exec(t.ctx)
	if err := affected("rename workspace", from, result, err); err != nil {
		return err
	}
	for _, table := range []string{"runs", "states", "state_locks", "run_changes"} {
		_, err := t.bun.NewUpdate().Table(table).Set("workspace = ?", text(to)).Where("workspace = ?", text(from)).Exec(t.ctx)
		if err != nil {
			return fmt.Errorf("rename workspace %s: %s: %w", from, table, t.db.explain(err))
		}
	}
	return t.renameIssue(from, to)
}

// renameIssue carries the issue about a workspace along. Where the new identity has one already, both stay.
func (t *tx) renameIssue(from, to workspaces.ID) error {
	repository, _, _ := strings.Cut(string(from), "//")
	has := t.bun.NewSelect().Model((*postRow)(nil)).Column("id").
		Where("repository = ? AND kind = ? AND key = ?", text(repository), text(runner.PostIssue), text(to))
	_, err := t.bun.NewUpdate().Table("posts").Set("key = ?", text(to)).
		Where("repository = ? AND kind = ? AND key = ?", text(repository), text(runner.PostIssue), text(from)).
		Where("NOT EXISTS (?)", has).Exec(t.ctx)
	if err != nil {
		return fmt.Errorf("rename workspace %s: its issue: %w", from, t.db.explain(err))
	}
	return nil
}
