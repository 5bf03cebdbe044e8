package server

import (
	"database/sql"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/store"
)

// TestArtifactsLost asks for a log that was removed for its age, for one that is damaged on the disk, and for one of a run
// that never began. The runs themselves are shown all the same.
func TestArtifactsLost(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keys, err := store.LoadKeys(filepath.Join(dir, "secret.key"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "driftless.db")
	db, err := store.Open(t.Context(), store.Options{Path: path, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	old := time.Now().Add(-1000 * time.Hour)
	err = db.Update(t.Context(), func(tx runner.Tx) error {
		for range 2 {
			if err := tx.InsertRun(&runner.Run{Workspace: "r//a", Purpose: runner.PurposePlan, Status: runner.Ready, PlannedAt: old, FinishedAt: old}); err != nil {
				return err
			}
		}
		// Its pull request is not kept any more.
		if err := tx.InsertRun(&runner.Run{Workspace: "r//a", Purpose: runner.PurposePlan, Status: runner.Queued, PullID: 99}); err != nil {
			return err
		}
		for _, name := range []string{"log", "plan", "plan.json"} {
			if err := tx.PutBlob("runs/2/"+name, []byte("{}")); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	under, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = under.Close() }()
	if _, err := under.Exec("UPDATE blobs SET content = CAST(substr(content, 1, length(content) - 4) || X'00000000' AS BLOB)"); err != nil {
		t.Fatal(err)
	}
	client := Local(NewAPI(db, &runner.Commander{Store: db}, slog.New(slog.DiscardHandler)), "anna")
	for path, want := range map[string]string{
		"/v1/runs/1/log": "the log of run 1 is not kept any more", "/v1/runs/1/plan": "the plan of run 1 is not kept any more",
		"/v1/runs/2/log": "the log of run 2 is damaged", "/v1/runs/2/plan": "the plan of run 2 is damaged", "/v1/runs/2/plan.json": "the plan.json of run 2 is damaged",
		"/v1/runs/3/log": "log of run 3: ",
	} {
		if _, err := client.Raw(t.Context(), path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, id := range []string{"1", "2", "3"} {
		if _, err := client.Raw(t.Context(), "/v1/runs/"+id); err != nil {
			t.Error(err)
		}
	}
}

// TestARunShowsWhatCameAfterTheDecision: how its apply ended all the same, and what became of the state that it wrote.
func TestARunShowsWhatCameAfterTheDecision(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keys, err := store.LoadKeys(filepath.Join(dir, "secret.key"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), store.Options{Path: filepath.Join(dir, "driftless.db"), Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	err = db.Update(t.Context(), func(tx runner.Tx) error {
		for range 2 {
			if err := tx.InsertRun(&runner.Run{Workspace: "r//a", Purpose: runner.PurposeApply, Status: runner.Superseded}); err != nil {
				return err
			}
		}
		return errors.Join(tx.Append(&runner.Event{Kind: "late result", RunID: 1, Message: "the apply ended as applied"}),
			tx.PutBlob("rescued/1/late.tfstate", []byte(`{"serial":5,"lineage":"l"}`)))
	})
	if err != nil {
		t.Fatal(err)
	}
	client := Local(NewAPI(db, &runner.Commander{Store: db}, slog.New(slog.DiscardHandler)), "anna")
	var first, second RunView
	if err := errors.Join(client.Get(t.Context(), "/v1/runs/1", nil, &first), client.Get(t.Context(), "/v1/runs/2", nil, &second)); err != nil {
		t.Fatal(err)
	}
	if first.Late != "the apply ended as applied" || first.Left == nil || first.Left.Serial != 5 || !first.Left.Waiting || second.Late != "" || second.Left != nil {
		t.Errorf("%+v\n%+v", first, second)
	}
}
