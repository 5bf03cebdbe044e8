package runner

import (
	"errors"
	"fmt"

	"github.com/driftlessops/driftless/workspaces"
)

// remembering is a transaction that reads the records of workspaces all at once, in place of each when it is asked for: others
// may wait meanwhile.
type remembering struct {
	Tx
	records map[workspaces.ID]Workspace // without an ID: there is none
}

// remember reads the records that a filter selects.
func remember(tx Tx, f WorkspaceFilter) (*remembering, error) {
	r := &remembering{Tx: tx, records: map[workspaces.ID]Workspace{}}
	all, err := tx.Workspaces(f)
	for _, rec := range all {
		r.records[rec.ID] = rec
	}
	return r, err
}

// Workspace implements Tx.
func (r *remembering) Workspace(id workspaces.ID) (Workspace, error) {
	if rec, ok := r.records[id]; ok && rec.ID != "" {
		return rec, nil
	} else if ok {
		return rec, fmt.Errorf("workspace %s: %w", id, ErrNotFound)
	}
	rec, err := r.Tx.Workspace(id)
	if err == nil || errors.Is(err, ErrNotFound) {
		r.records[id] = rec
	}
	return rec, err
}

// PutWorkspace implements Tx.
func (r *remembering) PutWorkspace(rec Workspace) error {
	delete(r.records, rec.ID)
	return r.Tx.PutWorkspace(rec)
}

// RenameWorkspace implements Tx.
func (r *remembering) RenameWorkspace(from, to workspaces.ID) error {
	delete(r.records, from)
	delete(r.records, to)
	return r.Tx.RenameWorkspace(from, to)
}
