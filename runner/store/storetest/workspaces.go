package storetest

import (
	"errors"
	"testing"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

func workspaceRecords(t *testing.T, s runner.Store) {
	full := filled[runner.Workspace]()
	for _, want := range []runner.Workspace{{ID: full.ID}, full, {ID: full.ID, Repository: "r"}} {
		update(t, s, func(tx runner.Tx) error { return tx.PutWorkspace(want) })
		same(t, "workspace", read(t, s, func(tx runner.Tx) (runner.Workspace, error) { return tx.Workspace(full.ID) }), want)
	}
	view(t, s, func(tx runner.Tx) error {
		if _, err := tx.Workspace("r//none"); !errors.Is(err, runner.ErrNotFound) {
			t.Errorf("a missing workspace: %v", err)
		}
		return nil
	})
}

func workspaceFilters(t *testing.T, s runner.Store) {
	type labels = map[string]string
	update(t, s, func(tx runner.Tx) error {
		return errors.Join(
			tx.PutWorkspace(runner.Workspace{ID: "r//b", Repository: "r", Sync: runner.Synced, Labels: labels{"env": "dev", "it's": "x'y"}}),
			tx.PutWorkspace(runner.Workspace{ID: "r//a", Repository: "r", Sync: runner.Drifted, DriftSince: noon, Labels: labels{"env": "prod"}}),
			tx.PutWorkspace(runner.Workspace{ID: "q//a", Repository: "q", Sync: runner.Synced, Labels: labels{"env": "prod", "team": ""}}),
			tx.PutWorkspace(runner.Workspace{ID: "r//B", Repository: "r"}))
	})
	check := func(name string, f runner.WorkspaceFilter, want ...workspaces.ID) {
		t.Helper()
		var ids []workspaces.ID
		for _, w := range read(t, s, func(tx runner.Tx) ([]runner.Workspace, error) { return tx.Workspaces(f) }) {
			ids = append(ids, w.ID)
		}
		same(t, name, ids, want)
	}
	check("all", runner.WorkspaceFilter{}, "q//a", "r//B", "r//a", "r//b")
	check("limit", runner.WorkspaceFilter{Limit: 1}, "q//a")
	check("some", runner.WorkspaceFilter{IDs: []workspaces.ID{"r//b", "r//none", "r//B"}}, "r//B", "r//b")
	check("one of a repository", runner.WorkspaceFilter{IDs: []workspaces.ID{"q//a"}, Repository: "r"})
	check("repository", runner.WorkspaceFilter{Repository: "r"}, "r//B", "r//a", "r//b")
	check("sync", runner.WorkspaceFilter{Sync: runner.Synced}, "q//a", "r//b")
	check("drifted", runner.WorkspaceFilter{Repository: "r", Drifted: true}, "r//a")
	check("label", runner.WorkspaceFilter{Labels: labels{"env": "prod"}}, "q//a", "r//a")
	check("labels", runner.WorkspaceFilter{Labels: labels{"env": "dev", "it's": "x'y"}}, "r//b")
	check("empty label", runner.WorkspaceFilter{Labels: labels{"team": ""}}, "q//a")
	check("missing label", runner.WorkspaceFilter{Labels: labels{"env": "prod", "team": "x"}})

	update(t, s, func(tx runner.Tx) error {
		return tx.PutWorkspace(runner.Workspace{ID: "q//a", Labels: labels{"env": "dev"}})
	})
	check("after a change", runner.WorkspaceFilter{Labels: labels{"env": "dev"}}, "q//a", "r//b")
	check("after a removal", runner.WorkspaceFilter{Labels: labels{"team": ""}})
}

func rename(t *testing.T, s runner.Store) {
	const from, to, other = workspaces.ID("r//old"), workspaces.ID("r//new"), workspaces.ID("r//other")
	plan := insert(t, s, runner.Run{Workspace: to, Purpose: runner.PurposePlan, Status: runner.Ready})
	run := insert(t, s, runner.Run{Workspace: from, Purpose: runner.PurposeApply, Status: runner.Applied})
	record := filled[runner.Workspace]()
	record.ID = from
	update(t, s, func(tx runner.Tx) error {
		return errors.Join(
			tx.PutWorkspace(record), tx.PutWorkspace(runner.Workspace{ID: other, AppliedCommit: "c"}), tx.PutWorkspace(runner.Workspace{ID: to, Reason: "never applied"}),
			tx.PutState(&runner.StateVersion{Workspace: from}, []byte("1")), tx.PutState(&runner.StateVersion{Workspace: from}, []byte("2")),
			tx.LockState(runner.StateLock{Workspace: from, ID: "x", RunID: run.ID}), tx.Append(&runner.Event{Workspace: from}))
	})
	refused(t, s, runner.ErrConflict, func(tx runner.Tx) error { return tx.RenameWorkspace(from, other) })
	refused(t, s, runner.ErrNotFound, func(tx runner.Tx) error { return tx.RenameWorkspace("r//none", to) })
	update(t, s, func(tx runner.Tx) error { return tx.RenameWorkspace(from, to) })

	record.ID = to
	same(t, "record", read(t, s, func(tx runner.Tx) (runner.Workspace, error) { return tx.Workspace(to) }), record)
	view(t, s, func(tx runner.Tx) error {
		if _, err := tx.Workspace(from); !errors.Is(err, runner.ErrNotFound) {
			t.Errorf("the old record: %v", err)
		}
		runs, err := tx.Runs(runner.RunFilter{Workspace: to})
		if err != nil || len(runs) != 2 || runs[0].ID != run.ID || runs[1].ID != plan.ID {
			t.Errorf("runs: %v, %v", runs, err)
		}
		_, content, err := tx.State(to, 0)
		if err != nil || string(content) != "2" {
			t.Errorf("state: %s, %v", content, err)
		}
		versions, err := tx.States(to)
		if err != nil || len(versions) != 2 {
			t.Errorf("states: %v, %v", versions, err)
		}
		lock, err := tx.StateLock(to)
		if err != nil || lock.ID != "x" {
			t.Errorf("lock: %v, %v", lock, err)
		}
		labelled, err := tx.Workspaces(runner.WorkspaceFilter{Labels: record.Labels})
		if err != nil || len(labelled) != 1 || labelled[0].ID != to {
			t.Errorf("by labels: %v, %v", labelled, err)
		}
		history, err := tx.Events(runner.EventFilter{Workspace: from})
		if err != nil || len(history) != 3 || history[1].Kind != "state written" {
			t.Errorf("events: %v, %v", history, err)
		}
		return nil
	})
}

func renameIssues(t *testing.T, s runner.Store) {
	issue := func(key string) *runner.Post { return &runner.Post{Repository: "r", Kind: runner.PostIssue, Key: key} }
	update(t, s, func(tx runner.Tx) error {
		return errors.Join(tx.PutWorkspace(runner.Workspace{ID: "r//old"}), tx.PutWorkspace(runner.Workspace{ID: "r//old2"}),
			tx.PutPost(issue("r//old")), tx.PutPost(issue("r//old2")), tx.PutPost(issue("r//new2")), tx.PutPost(issue("")),
			tx.PutPost(&runner.Post{Repository: "r", Kind: runner.PostStatus, Key: "r//old"}))
	})
	update(t, s, func(tx runner.Tx) error {
		return errors.Join(tx.RenameWorkspace("r//old", "r//new"), tx.RenameWorkspace("r//old2", "r//new2"))
	})
	var keys []string
	for _, p := range read(t, s, func(tx runner.Tx) ([]runner.Post, error) { return tx.Posts(runner.PostFilter{Repository: "r"}) }) {
		keys = append(keys, string(p.Kind)+" "+p.Key)
	}
	same(t, "posts", keys, []string{"issue r//new", "issue r//old2", "issue r//new2", "issue ", "status r//old"})
}
