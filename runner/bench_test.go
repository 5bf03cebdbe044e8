package runner_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/planner/engine"
	"github.com/driftlessops/driftless/policy"
	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/runner/forge/gitea"
	"github.com/driftlessops/driftless/runner/store"
	"github.com/driftlessops/driftless/runner/store/pgtest"
	"github.com/driftlessops/driftless/workspaces"
)

// estate is a repository at a forge that nobody asks, with a store.
type estate struct {
	b    testing.TB
	dir  string
	db   *store.DB
	opts runner.Options
	r    *runner.Runner
	next int
	turn turns
}

func newEstate(b testing.TB) *estate {
	b.Helper()
	e := estateOf(b, workspaces.Repository{Name: "infra", Forge: "hub"})
	e.update(func(tx runner.Tx) error {
		return tx.PutRepository(runner.Repository{Name: "infra", Branch: "main", Head: "base"})
	})
	return e
}

// estateOf is a runner for a repository, with a store.
func estateOf(b testing.TB, repo workspaces.Repository) *estate {
	b.Helper()
	return estateOn(b, repo, "")
}

// estateOn is estateOf with its store on PostgreSQL, if a URL is given.
func estateOn(b testing.TB, repo workspaces.Repository, url string, more ...func(*runner.Options)) *estate {
	b.Helper()
	dir := b.TempDir()
	e := &estate{b: b, dir: dir}
	keys, err := store.LoadKeys(filepath.Join(dir, "secret.key"))
	e.must(err)
	opts := store.Options{Path: filepath.Join(dir, "driftless.db"), Keys: keys}
	if url != "" {
		opts.Path, opts.URL = "", url
	}
	e.db, err = store.Open(b.Context(), opts)
	e.must(err)
	e.turn.Store = e.db
	b.Cleanup(func() { e.must(e.db.Close()) })
	hub, err := gitea.New(gitea.Options{URL: "http://127.0.0.1:1", Token: func(context.Context) (string, error) { return "token", nil }})
	e.must(err)
	finder, err := engine.NewFinder(engine.FinderOptions{DataDir: dir, Releases: map[engine.Kind]string{engine.Terraform: "http://127.0.0.1:1", engine.OpenTofu: "http://127.0.0.1:1"}})
	e.must(err)
	if repo.Forge != "" {
		repo.URL, repo.Path = "http://127.0.0.1:1/acme/infra", "acme/infra"
	}
	e.opts = runner.Options{
		Config: &workspaces.Config{Repositories: []workspaces.Repository{repo}}, Logger: slog.New(slog.DiscardHandler),
		DataDir: dir, Store: &e.turn, Key: []byte("key"), Finder: finder, Accounts: map[string]forge.Account{"hub": hub},
		State: func(workspaces.ID, runner.Run) (map[string]string, func()) { return nil, func() {} },
	}
	for _, f := range more {
		f(&e.opts)
	}
	e.r, err = runner.New(b.Context(), e.opts)
	e.must(err)
	return e
}

func (e *estate) must(err error) {
	e.b.Helper()
	if err != nil {
		e.b.Fatal(err)
	}
}

func (e *estate) update(f func(tx runner.Tx) error) {
	e.b.Helper()
	e.must(e.db.Update(e.b.Context(), f))
}

// pull makes a pull request that touches so many workspaces of its own, each applied so often before, with a queued plan for
// each.
func (e *estate) pull(touches, applies int) (pull runner.Pull, runs []runner.Run) {
	e.b.Helper()
	e.next++
	at := time.Now().UTC().Truncate(time.Microsecond)
	pull = runner.Pull{Repository: "infra", Key: fmt.Sprint(e.next), Head: fmt.Sprintf("head%d", e.next), State: runner.Open, URL: "http://127.0.0.1:1/1", CreatedAt: at, UpdatedAt: at}
	for i := range touches {
		pull.Affected = append(pull.Affected, workspaces.ID(fmt.Sprintf("infra//team-%d/workspace-%04d", e.next, i)))
	}
	e.update(func(tx runner.Tx) error {
		runs = nil
		pull.ID = 0
		if err := tx.PutPull(&pull); err != nil {
			return err
		}
		for _, id := range pull.Affected {
			err := tx.PutWorkspace(runner.Workspace{ID: id, Repository: "infra", AppliedCommit: "base", Sync: runner.Synced})
			run := runner.Run{Repository: "infra", Workspace: id, Purpose: runner.PurposeApply, Status: runner.Applied, Commit: "base", InputDigest: "old", CreatedAt: at, AppliedAt: at, FinishedAt: at}
			for range applies {
				if err == nil {
					err = tx.InsertRun(&run)
				}
			}
			run = runner.Run{Repository: "infra", Workspace: id, Purpose: runner.PurposePlan, Status: runner.Queued, PullID: pull.ID, Commit: pull.Head, InputDigest: "new", CreatedAt: at}
			if err == nil {
				err = tx.InsertRun(&run)
			}
			if err != nil {
				return err
			}
			runs = append(runs, run)
		}
		return nil
	})
	return pull, runs
}

// plan ends the plan of a pull request's run.
func (e *estate) plan(tx runner.Tx, run runner.Run) error {
	plan := planner.Plan{Summary: planner.Summary{Create: 2}}
	for i := range 2 {
		plan.Changes = append(plan.Changes, planner.Change{Address: fmt.Sprintf("cloud_server.a[%d]", i), Action: planner.Create})
	}
	data, err := json.Marshal(plan)
	if err == nil {
		err = tx.PutBlob(fmt.Sprintf("runs/%d/plan", run.ID), data)
	}
	for _, next := range []runner.Status{runner.Planning, runner.Planned, runner.Ready} {
		if err == nil {
			from := run.Status
			run.Status, run.Summary, run.StartedAt, run.PlannedAt, run.FinishedAt = next, plan.Summary, run.CreatedAt, run.CreatedAt, run.CreatedAt
			err = tx.UpdateRun(run, from)
		}
	}
	return err
}

// BenchmarkProgress reports a pull request whenever the plan of one of its workspaces ends.
func BenchmarkProgress(b *testing.B) {
	for _, touches := range []int{10, 100, 300} {
		b.Run(fmt.Sprint(touches, " workspaces"), func(b *testing.B) {
			e := newEstate(b)
			for b.Loop() {
				b.StopTimer()
				_, runs := e.pull(touches, 0)
				for _, run := range runs {
					e.update(func(tx runner.Tx) error { return e.plan(tx, run) })
					b.StartTimer()
					e.must(e.r.ReportOf(b.Context(), run))
					b.StopTimer()
				}
				b.StartTimer()
			}
		})
	}
}

// BenchmarkLook reports pull requests that are planned, as each look does.
func BenchmarkLook(b *testing.B) {
	for _, c := range []struct{ pulls, touches, applies int }{{200, 3, 0}, {200, 3, 40}, {1, 300, 0}, {1, 1000, 40}} {
		b.Run(fmt.Sprintf("%d pull requests of %d workspaces with %d applies", c.pulls, c.touches, c.applies), func(b *testing.B) {
			e := newEstate(b)
			var pulls []int64
			for range c.pulls {
				pull, runs := e.pull(c.touches, c.applies)
				e.update(func(tx runner.Tx) error {
					for _, run := range runs {
						if err := e.plan(tx, run); err != nil {
							return err
						}
					}
					return nil
				})
				e.must(e.r.Report(b.Context(), pull.ID))
				pulls = append(pulls, pull.ID)
			}
			for b.Loop() {
				for _, id := range pulls {
					e.must(e.r.Report(b.Context(), id))
				}
			}
		})
	}
}

// BenchmarkClaim takes the first 50 runs of a queue, whether one pull request waits alone or many repositories do, and 8 are under way.
func BenchmarkClaim(b *testing.B) {
	for _, where := range []string{"SQLite", "PostgreSQL"} {
		for _, c := range []struct{ repositories, runs int }{{1, 300}, {1, 1000}, {200, 5}} {
			b.Run(fmt.Sprintf("50 of %d repositories with %d each on %s", c.repositories, c.runs, where), func(b *testing.B) {
				url := ""
				if where == "PostgreSQL" {
					url = pgtest.URL(b)
				}
				e := estateOn(b, workspaces.Repository{Name: "infra", Forge: "hub"}, url)
				e.queue(c.repositories, c.runs)
				for range 8 {
					e.r.Claim(b.Context())
				}
				for b.Loop() {
					var taken []runner.Run
					for range 50 {
						run, ok := e.r.Claim(b.Context())
						if !ok {
							b.Fatal("the queue is empty")
						}
						taken = append(taken, run)
					}
					b.StopTimer()
					e.update(func(tx runner.Tx) error {
						for _, run := range taken {
							run.Status = runner.Queued
							if err := tx.UpdateRun(run, runner.Planning); err != nil {
								return err
							}
							e.r.Drop(run.ID)
						}
						return nil
					})
					b.StartTimer()
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(50*b.N), "us/claim")
			})
		}
	}
}

// queue makes repositories with a pull request each, and so many queued plans for it.
func (e *estate) queue(repositories, runs int) {
	e.update(func(tx runner.Tx) error {
		for r := range repositories {
			for i := range runs {
				run := runner.Run{Repository: fmt.Sprintf("repo%d", r), Purpose: runner.PurposePlan, Status: runner.Queued, PullID: int64(r + 1), CreatedAt: time.Now()}
				run.Workspace = workspaces.ID(fmt.Sprintf("%s//w-%04d", run.Repository, i))
				if err := errors.Join(tx.InsertRun(&run), tx.PutWorkspace(runner.Workspace{ID: run.Workspace, Repository: run.Repository})); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// BenchmarkWakes looks for work in a queue of runs that all wait, and for drift where nothing is due, as a wake and a tick do.
func BenchmarkWakes(b *testing.B) {
	for _, where := range []string{"SQLite", "PostgreSQL"} {
		url := ""
		if where == "PostgreSQL" {
			url = pgtest.URL(b)
		}
		e := estateOn(b, workspaces.Repository{Name: "infra", Forge: "hub"}, url)
		set := e.waiting(1000)
		b.Run("a queue of 1000 on "+where, func(b *testing.B) {
			e.r.Claim(b.Context()) // says what they wait for
			e.turn.reset()
			for b.Loop() {
				if _, ok := e.r.Claim(b.Context()); ok {
					b.Fatal("a run that waits was taken")
				}
			}
			e.turn.report(b)
		})
		b.Run("drift of 1000 on "+where, func(b *testing.B) {
			e.r.Track(set)
			e.turn.reset()
			for b.Loop() {
				e.must(e.r.QueueDueDrift(b.Context()))
			}
			e.turn.report(b)
		})
	}
}

// BenchmarkReconcile looks at a repository in which nothing moved: so many workspaces that are in sync, each applied so often,
// and so many branches that change three of them each. Making it takes half a minute.
func BenchmarkReconcile(b *testing.B) {
	for _, c := range []struct {
		workspaces, applies, pulls int
		url                        func(testing.TB) string
	}{{300, 0, 0, nil}, {1000, 40, 0, nil}, {120, 0, 40, nil}, {600, 0, 200, nil}, {1000, 4, 0, pgtest.URL}} {
		name := fmt.Sprintf("%d workspaces with %d applies and %d pull requests", c.workspaces, c.applies, c.pulls)
		if c.url != nil {
			name += " on PostgreSQL"
		}
		b.Run(name, func(b *testing.B) {
			url := ""
			if c.url != nil {
				url = c.url(b)
			}
			e := estateOn(b, workspaces.Repository{Name: "infra", URL: history(b, c.workspaces, c.pulls), Branch: "main", Branches: "driftless/*"}, url)
			if err := e.r.Once(b.Context()); err != nil {
				b.Fatal(err)
			}
			e.settle(c.applies)
			e.must(e.r.Look(b.Context()))
			e.turn.reset()
			for b.Loop() {
				e.must(e.r.Look(b.Context()))
			}
			e.turn.report(b)
		})
	}
}

// history is a repository with workspaces for which there is no engine, and branches.
func history(b testing.TB, dirs, pulls int) (dir string) {
	b.Helper()
	dir = b.TempDir()
	var in strings.Builder
	put := func(i int, name, content string) {
		_, _ = fmt.Fprintf(&in, "M 100644 inline w%04d/%s.tf\ndata %d\n%s\n", i, name, len(content), content)
	}
	in.WriteString("commit refs/heads/main\nmark :1\ncommitter a <a@b> 1700000000 +0000\ndata 1\nx\n")
	for i := range dirs {
		put(i, "main", "terraform {\n  required_version = \"> 999\"\n}\n")
		put(i, "app", "resource \"terraform_data\" \"a\" {}\n")
	}
	for p := range pulls {
		_, _ = fmt.Fprintf(&in, "commit refs/heads/driftless/p%d\ncommitter a <a@b> 1700000000 +0000\ndata 1\nx\nfrom :1\n", p)
		for i := range 3 {
			put((3*p+i)%dirs, fmt.Sprintf("p%d", p), "resource \"terraform_data\" \"b\" {}\n")
		}
	}
	for _, args := range [][]string{{"init", "--quiet", "--bare", "--initial-branch=main"}, {"fast-import", "--quiet"}} {
		cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
		cmd.Stdin = strings.NewReader(in.String())
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("git %s: %v\n%s", args[0], err, out)
		}
	}
	return dir
}

// settle makes all workspaces applied as the tracked branch wants them.
func (e *estate) settle(applies int) {
	e.b.Helper()
	at := time.Now().UTC().Truncate(time.Microsecond)
	e.update(func(tx runner.Tx) error {
		all, err := tx.Workspaces(runner.WorkspaceFilter{Repository: "infra"})
		for _, rec := range all {
			run := runner.Run{Repository: "infra", Workspace: rec.ID, Purpose: runner.PurposeApply, Status: runner.Applied, Commit: rec.TargetCommit, InputDigest: rec.TargetDigest, CreatedAt: at, AppliedAt: at, FinishedAt: at}
			for range applies {
				if err == nil {
					err = tx.InsertRun(&run)
				}
			}
			rec.AppliedDigest, rec.AppliedCommit, rec.AppliedAt, rec.CheckedAt = rec.TargetDigest, rec.TargetCommit, at.Add(-time.Hour), at
			if err == nil {
				err = tx.PutWorkspace(rec)
			}
		}
		return err
	})
}

// BenchmarkShowing finds the pull requests that show an apply, of a workspace that merged ones touched before.
func BenchmarkShowing(b *testing.B) {
	for _, earlier := range []int{1, 10, 60} {
		b.Run(fmt.Sprintf("%d merged before", earlier), func(b *testing.B) {
			e := newEstate(b)
			var last runner.Run
			for range earlier + 1 {
				last = e.merged(10)
			}
			b.ReportAllocs()
			for b.Loop() {
				pulls, err := e.r.Showing(b.Context(), last)
				if e.must(err); len(pulls) != 1 {
					b.Fatalf("%v", pulls)
				}
			}
		})
	}
}

// merged makes a pull request that touches so many workspaces, always the same, was merged, and is applied.
func (e *estate) merged(touches int) (first runner.Run) {
	e.b.Helper()
	pull, _ := e.pull(1, 0)
	pull.Affected, pull.State, pull.MergedCommit, pull.MergedAt = nil, runner.Merged, "m"+pull.Key, time.Now()
	for i := range touches {
		pull.Affected = append(pull.Affected, workspaces.ID(fmt.Sprintf("infra//workspace-%04d", i)))
	}
	e.update(func(tx runner.Tx) error {
		err := tx.PutPull(&pull)
		for i, id := range pull.Affected {
			apply := runner.Run{
				Repository: "infra", Workspace: id, Purpose: runner.PurposeApply, Status: runner.Applied, Commit: pull.MergedCommit, Reviewers: []string{pull.Key},
				Trigger: "main at " + pull.MergedCommit, InputDigest: strings.Repeat("d", 64), PlanDigest: strings.Repeat("d", 64), PolicyRevision: strings.Repeat("d", 64),
				CreatedAt: time.Now(), StartedAt: time.Now(), PlannedAt: time.Now(), AppliedAt: time.Now(), FinishedAt: time.Now(), Verdict: &policy.Verdict{},
			}
			err = errors.Join(err, tx.InsertRun(&apply))
			if i == 0 {
				first = apply
			}
		}
		return err
	})
	return first
}
