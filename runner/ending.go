package runner

import (
	"errors"
	"fmt"
	"time"

	"github.com/driftlessops/driftless/workspaces"
)

// ending is how and when the drift of a workspace went away.
type ending struct {
	why string
	at  time.Time
}

// endingOf is how the drift of a workspace went away, if there is none any more: a check found none, or the last apply left none.
func endingOf(tx Tx, id workspaces.ID) (ending, error) {
	rec, err := tx.Workspace(id)
	if errors.Is(err, ErrNotFound) {
		return ending{}, nil
	} else if err != nil {
		return ending{}, err
	}
	checks, err := tx.Runs(RunFilter{Workspace: id, Purposes: []Purpose{PurposeDrift}, Statuses: []Status{Unchanged}, Limit: 1})
	if err != nil {
		return ending{}, err
	}
	if len(checks) > 0 && checks[0].ID > rec.AppliedRun {
		return ending{fmt.Sprintf("run %d found nothing that differs from what was applied", checks[0].ID), rec.CheckedAt}, nil
	}
	applied, err := tx.Run(rec.AppliedRun)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return ending{}, err
	}
	why := fmt.Sprintf("run %d applied `%.7s`", rec.AppliedRun, rec.AppliedCommit)
	if applied.Approves != 0 {
		why += ", approved by " + applied.Actor
	}
	return ending{why, rec.AppliedAt}, nil
}
