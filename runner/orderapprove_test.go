package runner

import (
	"strings"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/workspaces"
)

// waitingTx is a store in which something of merged pull requests waits in one workspace.
type waitingTx struct {
	Tx
	merged  []Pull
	applied Run
	rec     Workspace
}

func (t waitingTx) Workspace(workspaces.ID) (Workspace, error) { return t.rec, nil }
func (t waitingTx) Run(int64) (Run, error)                     { return t.applied, nil }
func (t waitingTx) Pulls(PullFilter) ([]Pull, error)           { return append([]Pull(nil), t.merged...), nil }

func TestNobodyApprovesTheirOwn(t *testing.T) {
	t.Parallel()
	at := func(minute int) time.Time { return time.Date(2026, 1, 1, 0, minute, 0, 0, time.UTC) }
	touches := []workspaces.ID{"r//app"}
	here := Pull{ID: 1, Key: "1", Author: "ada", Affected: touches, UpdatedAt: at(3)}
	tx := waitingTx{
		// The last apply began before the second merge became known, and ended after it: that one's change waits.
		applied: Run{ID: 7, CreatedAt: at(1)}, rec: Workspace{AppliedRun: 7, AppliedAt: at(9)},
		merged: []Pull{
			here,
			{ID: 2, Key: "2", Author: "ben", Affected: touches, UpdatedAt: at(2)},
			{ID: 3, Key: "3", Author: "cleo", Affected: touches, UpdatedAt: at(0)},
			{ID: 4, Key: "4", Author: "dan", Affected: []workspaces.ID{"r//net"}, UpdatedAt: at(2)},
			{ID: 5, Key: "5", Author: "eve", Affected: touches, UpdatedAt: at(4)},
		},
	}
	names := map[string]string{"ada": "ada", "ben": "ben", "eve": "eve-two"}
	for who, refused := range map[string]bool{
		"ada": true, "ADA": true, "ben": true, "eve": true, "Eve-Two": true,
		"cleo": false, "dan": false, "frida": false, "": false,
	} {
		h := &hearing{c: forge.Comment{Author: who}}
		if err := h.notOwn(tx, Run{Workspace: "r//app"}, here, names); (err != nil) != refused {
			t.Errorf("%q: %v", who, err)
		}
	}
}

func (t waitingTx) Pull(id int64) (Pull, error)   { return Pull{ID: id, Key: "12", State: Open}, nil }
func (t waitingTx) Runs(RunFilter) ([]Run, error) { return nil, nil }

// TestReservedIsNotApproved: the run would be dropped without a word, as the workspace is not the tracked branch's to apply to.
func TestReservedIsNotApproved(t *testing.T) {
	t.Parallel()
	tx := waitingTx{rec: Workspace{ID: "r//app", TargetDigest: "d", AppliedDigest: "d"}}
	drift := Run{ID: 3, Workspace: "r//app", Purpose: PurposeDrift, Status: Held, InputDigest: "d"}
	if err := approvable(tx, drift); err != nil {
		t.Error(err)
	}
	tx.rec.Reserved = 5
	if err := approvable(tx, drift); err == nil || !strings.Contains(err.Error(), "reserved by pull request 12") {
		t.Error(err)
	}
	if err := approvable(tx, Run{ID: 4, Workspace: "r//app", PullID: 5, Purpose: PurposeApply, Status: Interrupted}); err != nil {
		t.Error(err)
	}
}
