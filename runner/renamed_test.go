package runner

import (
	"errors"
	"slices"
	"testing"

	"github.com/driftlessops/driftless/workspaces"
)

// moved is a Tx with one workspace, which has one run.
type moved struct {
	Tx
	run Run
	own []StateVersion // of the workspace's new name
}

func (m *moved) Workspace(id workspaces.ID) (Workspace, error) {
	if id != m.run.Workspace {
		return Workspace{}, ErrNotFound
	}
	return Workspace{ID: id}, nil
}

func (m *moved) State(workspaces.ID, int64) (StateVersion, []byte, error) {
	return StateVersion{}, nil, ErrDamaged
}

func (m *moved) States(workspaces.ID) ([]StateVersion, error) { return m.own, nil }

func (m *moved) Runs(f RunFilter) ([]Run, error) {
	if f.Workspace == m.run.Workspace && slices.Contains(f.Statuses, m.run.Status) && slices.Contains(f.Purposes, m.run.Purpose) {
		return []Run{m.run}, nil
	}
	return nil, nil
}

var errRenames = errors.New("it is renamed")

func (m *moved) RenameWorkspace(_, _ workspaces.ID) error { return errRenames }

// TestNoWorkspaceIsRenamedUnderAnApply: what may still report how it ended must find what it reports about.
func TestNoWorkspaceIsRenamedUnderAnApply(t *testing.T) {
	t.Parallel()
	ws := &workspaces.Workspace{ID: "r//new", Repository: "r", RenamedFrom: "old"}
	for status, want := range map[Status]error{Applying: errBusy, Interrupted: errBusy, Planning: errBusy, Applied: errRenames, Failed: errRenames} {
		tx := &moved{run: Run{ID: 1, Workspace: "r//old", Purpose: PurposeApply, Status: status}}
		if _, err := recordOf(&journal{tx: tx}, &workspaces.Set{}, ws); !errors.Is(err, want) {
			t.Errorf("%s: %v", status, err)
		}
	}
}

// TestADamagedStateIsAState: a workspace that has one under its new name is not renamed, and nothing fails.
func TestADamagedStateIsAState(t *testing.T) {
	t.Parallel()
	ws := &workspaces.Workspace{ID: "r//new", Repository: "r", RenamedFrom: "old"}
	tx := &moved{run: Run{Workspace: "r//old"}, own: []StateVersion{{Workspace: "r//new", Serial: 1}}}
	if rec, err := recordOf(&journal{tx: tx}, &workspaces.Set{}, ws); err != nil || rec.ID != "r//new" {
		t.Errorf("%+v, %v", rec, err)
	}
}
