package storetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

// removals removes what is old, and only that.
func removals(t *testing.T, s runner.Store) {
	pull := runner.Pull{Repository: "r", Key: "1", State: runner.Merged}
	run := runner.Run{Repository: "r", Workspace: "r//a", Purpose: runner.PurposePlan, Status: runner.Queued}
	post := runner.Post{Repository: "r", Kind: runner.PostReport, Key: "1", Version: 1}
	update(t, s, func(tx runner.Tx) error {
		err := errors.Join(
			tx.PutPull(&pull), tx.PutReport(runner.Report{PullID: pull.ID}), tx.PutNews(runner.News{PullID: pull.ID, Repository: "r"}),
			tx.InsertRun(&run), tx.PutPost(&post),
			tx.PutCommand(runner.Command{Repository: "r", CommentID: 7, At: noon}), tx.PutCommand(runner.Command{Repository: "r", CommentID: 8, At: noon.Add(time.Hour)}),
			tx.PutBlob("runs/1/log", []byte("log")), tx.PutBlob("runs/1/plan", []byte("plan")), tx.PutBlob("runs/2/log", []byte("log")))
		approval := runner.Run{Repository: "r", Workspace: "r//a", Purpose: runner.PurposeApply, Status: runner.Queued, Approves: run.ID}
		err = errors.Join(err, tx.InsertRun(&approval))
		for _, id := range []workspaces.ID{"r//a", "r//b"} {
			for _, content := range []string{"1", "2"} {
				err = errors.Join(err, tx.PutState(&runner.StateVersion{Workspace: id}, []byte(content)))
			}
		}
		return err
	})
	update(t, s, func(tx runner.Tx) error {
		page, err := tx.Blobs("runs/1/", "runs/1/log", 1)
		if err != nil || len(page) != 1 || page[0].Key != "runs/1/plan" || page[0].Size == 0 {
			t.Errorf("blobs: %+v, %v", page, err)
		}
		page, err = tx.Blobs("runs/1/", "", 10)
		if err != nil || len(page) != 2 || page[0].Key != "runs/1/log" {
			t.Errorf("blobs of a run: %+v, %v", page, err)
		}
		if found, err := tx.Runs(runner.RunFilter{Approves: run.ID}); err != nil || len(found) != 1 {
			t.Errorf("approvals: %+v, %v", found, err)
		}
		old, err := tx.Commands(runner.CommandFilter{Before: noon.Add(time.Minute)})
		if err != nil || len(old) != 1 || old[0].CommentID != 7 {
			t.Errorf("commands: %+v, %v", old, err)
		}
		if ids, err := tx.StateIDs(); err != nil || !slices.Equal(ids, []workspaces.ID{"r//a", "r//b"}) {
			t.Errorf("states: %v, %v", ids, err)
		}
		if err := tx.DeleteState("r//a", 2); !errors.Is(err, runner.ErrNotFound) {
			t.Errorf("the newest state was removed: %v", err)
		}
		return errors.Join(tx.DeleteState("r//a", 1), tx.DeletePull(pull.ID), tx.DeleteRun(run.ID), tx.DeleteCommand("r", 7), tx.DeleteBlob("runs/1/log"))
	})
	view(t, s, func(tx runner.Tx) error {
		_, report := tx.Report(pull.ID)
		_, gone := tx.Run(run.ID)
		_, command := tx.Command("r", 7)
		for _, err := range []error{report, gone, command} {
			if !errors.Is(err, runner.ErrNotFound) {
				t.Errorf("it is still there: %v", err)
			}
		}
		news, err := tx.News(runner.NewsFilter{})
		left, failed := tx.Blobs("", "", 10)
		kept, missing := tx.States("r//a")
		if len(news) != 0 || len(left) != 2 || len(kept) != 1 || kept[0].Version != 2 {
			t.Errorf("%d news, %d blobs, states %+v", len(news), len(left), kept)
		}
		if posts, err := tx.Posts(runner.PostFilter{After: post.ID}); err != nil || len(posts) != 0 {
			t.Errorf("posts: %+v, %v", posts, err)
		}
		return errors.Join(err, failed, missing)
	})
}
