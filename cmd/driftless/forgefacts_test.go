package main

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/daemon"
	"github.com/driftlessops/driftless/runner/server"
	"github.com/driftlessops/driftless/workspaces"
)

const limitText = "comment on pull request 12: the rate limit is used up"

// fillForgeFacts makes a data directory with what hosts with an API know.
func fillForgeFacts(t *testing.T, dir string) {
	t.Helper()
	db, _, err := daemon.OpenStore(t.Context(), daemon.Place{DataDir: dir}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now()
	err = db.Update(t.Context(), func(tx runner.Tx) error {
		merged := runner.Pull{
			Repository: "infra", Key: "12", Title: "Larger\nservers", Author: "anna", URL: "https://git.example.com/team/infra/pull/12", Fork: true,
			State: runner.Merged, Trusted: "1234567890", TrustedBy: "ben", MergedBy: "carl", ReviewedBy: []string{"ben", "dora"}, CreatedAt: at,
		}
		err := tx.PutPull(&merged)
		return errors.Join(err,
			tx.PutRepository(runner.Repository{Name: "infra", Branch: "main", Head: "abcdef1234", PolledAt: at, Problems: []string{"permission checks: write is missing: no check runs are shown"}}),
			tx.PutRepository(runner.Repository{Name: "web", Branch: "main", PolledAt: at}),
			tx.PutPost(&runner.Post{Repository: "infra", Kind: runner.PostStatus, Key: "1", Version: 1}),
			tx.PutPost(&runner.Post{Repository: "infra", Kind: runner.PostReport, Key: "12", Version: 1, Error: limitText, NextAt: at.Add(time.Hour)}),
			tx.PutPost(&runner.Post{Repository: "web", Kind: runner.PostStatus, Key: "1", Version: 1}),
			tx.PutPull(&runner.Pull{Repository: "infra", Key: "13", Title: "x", Author: "eve", URL: "https://git.example.com/team/infra/pull/13", State: runner.Open, Draft: true, Target: "release", Aside: "it asks to be merged into release", CreatedAt: at}),
			tx.PutPull(&runner.Pull{Repository: "web", Key: "13", State: runner.Closed, CreatedAt: at}),
			tx.PutWorkspace(runner.Workspace{ID: "infra//app", Repository: "infra", Sync: runner.Pending, Reserved: merged.ID}),
			tx.PutReport(runner.Report{PullID: merged.ID, Pages: []string{"## The report\n"}}),
			tx.InsertRun(&runner.Run{Repository: "infra", Workspace: "infra//app", Purpose: runner.PurposePlan, Status: runner.Ready, PullID: merged.ID, CreatedAt: at}),
			tx.InsertRun(&runner.Run{Repository: "infra", Workspace: workspaces.ID("infra//app"), Purpose: runner.PurposeApply, Status: runner.Applied, Reviewers: []string{"12", "99"}, CreatedAt: at}))
	})
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestForgeFacts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fillForgeFacts(t, dir)
	do := func(args ...string) result { return driftless(t, append(args, "--data-dir", dir)...) }

	do("repositories").want(t, 0, "infra       main    abcdef12", "sign-in: permission checks: write is missing", "2 posts wait until 2", limitText)
	listed := do("workspaces").want(t, 0, "RESERVED BY", "infra//app  Pending  12", "repository infra: sign-in: permission checks", "repository infra: 2 posts wait until 2")
	if strings.Contains(listed.err, "repository web") {
		t.Errorf("posts of web are only on their way:\n%s", listed.err)
	}
	do("show", "infra#12").want(t, 0, "Pull request   infra#12: Larger", "At             https://git.example.com/team/infra/pull/12", "Author         anna",
		"State          merged, from a fork\n", "Allowed by     ben at 12345678", "Merged by      carl", "Approved by    ben, dora", "\n\n## The report\n")
	do("show", "infra#13").want(t, 0, "State          open, draft, into release\n", "Left alone     it asks to be merged into release")
	do("show", "#12").want(t, 0, "infra#12")
	do("show", "#13").want(t, 1, `"#13" is in several repositories: write web#13 or infra#13`)
	do("show", "infra#14").want(t, 1, `there is no pull request "infra#14"`)
	do("show", "13").want(t, 1, "`driftless show REPOSITORY#13` shows a pull request")
	do("show", "1").want(t, 0, "Pull request   12: Larger servers (by anna, from a fork, merged by carl, approved by ben and dora)\n               https://git.example.com/team/infra/pull/12\n")
	do("show", "2").want(t, 0, "Reviewed in    12: Larger servers (by anna", "\n               99\n")
	driftless(t, "__complete", "show", "--data-dir", dir, "").want(t, 0, "infra#13\tx")

	var repositories []server.RepositoryView
	do("repositories", "-o", "json").want(t, 0).decode(t, &repositories)
	if len(repositories) != 2 || repositories[0].Posts.Count != 2 || repositories[0].Posts.Error != limitText || len(repositories[0].Problems) != 1 {
		t.Errorf("%+v", repositories)
	}
	var run server.RunView
	do("show", "2", "-o", "json").want(t, 0).decode(t, &run)
	if len(run.Pulls) != 1 || run.Pulls[0].MergedBy != "carl" || len(run.Pulls[0].ReviewedBy) != 2 {
		t.Errorf("%+v", run.Pulls)
	}
	var runs []server.RunView
	do("runs", "-o", "json").want(t, 0).decode(t, &runs)
	if len(runs) != 2 || runs[1].PullURL != "https://git.example.com/team/infra/pull/12" || runs[1].Pulls != nil {
		t.Errorf("%+v", runs)
	}
}
