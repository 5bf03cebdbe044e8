package runner_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/driftlessops/driftless/planner/engine"
	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/server"
	"github.com/driftlessops/driftless/runner/store"
	"github.com/driftlessops/driftless/runner/store/pgtest"
	"github.com/driftlessops/driftless/workspaces"
)

// patience is how long a fleet may take for what takes seconds; nothing depends on how long it is.
const patience = 2 * time.Minute

// fleet are replicas of driftless on one PostgreSQL, with repositories of real Git and a real engine.
type fleet struct {
	t    *testing.T
	url  string
	keys *store.Keys
	db   *store.DB // which looks on
	conf *workspaces.Config

	members []*member
	settled int64 // the last event before the second replica started

	mu    sync.Mutex
	polls map[string][]string // names of replicas that polled, by repository
}

// member is one of them.
type member struct {
	f    *fleet
	name string
	dir  string
	r    *runner.Runner
	stop context.CancelFunc
	done chan error
}

// newFleet makes the repositories, with a workspace for each name that ends in its label: "a-prod" has env=prod.
func newFleet(t *testing.T, repositories map[string][]string) *fleet {
	t.Helper()
	url := pgtest.URL(t)
	keys, err := store.LoadKeys(filepath.Join(t.TempDir(), "secret.key"))
	f := &fleet{t: t, url: url, keys: keys, polls: map[string][]string{}, conf: &workspaces.Config{Concurrency: 2}}
	f.must(err)
	f.db = f.open(url)
	for name, dirs := range repositories {
		dir := t.TempDir()
		f.git(dir, "init", "--quiet", "--initial-branch=main", "--bare")
		f.conf.Repositories = append(f.conf.Repositories, workspaces.Repository{
			Name: name, URL: dir, Branches: "driftless/*", PollInterval: 500 * time.Millisecond, Drafts: true,
		})
		files := map[string]string{"README.md": "x"}
		for _, d := range dirs {
			env := d[strings.LastIndex(d, "-")+1:]
			files[d+"/main.tf"] = fmt.Sprintf("output %q {\n  value = %q\n}\n", "env", env)
			files["driftless.hcl"] += fmt.Sprintf("workspace %q {\n  engine = \"terraform\"\n  labels = { env = %q }\n}\n", d, env)
		}
		f.commit(name, "main", "Begin", files)
	}
	slices.SortFunc(f.conf.Repositories, func(a, b workspaces.Repository) int { return strings.Compare(a.Name, b.Name) })
	return f
}

func (f *fleet) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fleet) git(dir string, args ...string) string {
	f.t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		f.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (f *fleet) repo(name string) string {
	i := slices.IndexFunc(f.conf.Repositories, func(r workspaces.Repository) bool { return r.Name == name })
	return f.conf.Repositories[i].URL
}

// commit commits files on a branch, which begins where main is.
func (f *fleet) commit(repo, branch, message string, files map[string]string) {
	f.t.Helper()
	dir := f.repo(repo)
	from := ""
	for _, b := range []string{branch, "main"} {
		if exec.Command("git", "-C", dir, "rev-parse", "--verify", "--quiet", "refs/heads/"+b).Run() == nil {
			from = "from refs/heads/" + b + "^0\n"
			break
		}
	}
	var in strings.Builder
	_, _ = fmt.Fprintf(&in, "commit refs/heads/%s\ncommitter a <a@b> %d +0000\ndata %d\n%s\n%s", branch, time.Now().Unix(), len(message), message, from)
	for name, content := range files {
		_, _ = fmt.Fprintf(&in, "M 100644 inline %s\ndata %d\n%s\n", name, len(content), content)
	}
	cmd := exec.Command("git", "-C", dir, "fast-import", "--quiet", "--force")
	cmd.Stdin = strings.NewReader(in.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		f.t.Fatalf("commit: %v\n%s", err, out)
	}
}

func (f *fleet) open(url string) *store.DB {
	f.t.Helper()
	db, err := store.Open(f.t.Context(), store.Options{URL: url, Keys: f.keys, Logger: slog.New(slog.DiscardHandler)})
	f.must(err)
	f.t.Cleanup(func() { f.must(db.Close()) })
	return db
}

// polls counts who polls.
type polls struct {
	f    *fleet
	name string
}

func (p polls) Polled(repository string, _ error) {
	p.f.mu.Lock()
	defer p.f.mu.Unlock()
	p.f.polls[repository] = append(p.f.polls[repository], p.name)
}

func (polls) GitFailed(_, _ string)                  {}
func (polls) Moved(runner.Run)                       {}
func (polls) Took(runner.Run, string, time.Duration) {}
func (polls) Used(runner.Run, int64)                 {}
func (polls) Recorded(runner.Event)                  {}

// shortLease is how long a fleet's replicas keep what is their own.
const shortLease = 3 * time.Second

// start starts a replica on a data directory of its own.
func (f *fleet) start(name, url string, more func(*runner.Options)) *member {
	f.t.Helper()
	dir := f.t.TempDir()
	m := &member{f: f, name: name, dir: dir, done: make(chan error, 1)}
	db := f.open(url)
	backend := server.NewStateBackend(db, slog.New(slog.DiscardHandler))
	srv := httptest.NewServer(backend)
	f.t.Cleanup(srv.Close)
	finder, err := engine.NewFinder(engine.FinderOptions{DataDir: dir, Releases: map[engine.Kind]string{engine.Terraform: "http://127.0.0.1:1", engine.OpenTofu: "http://127.0.0.1:1"}})
	f.must(err)
	providers, err := engine.NewProviderCache(engine.ProviderCacheOptions{Dir: filepath.Join(dir, "providers"), Logger: slog.New(slog.DiscardHandler)})
	f.must(err)
	opts := runner.Options{
		Config: f.conf, DataDir: dir, Store: db, Key: []byte("key"), Finder: finder, Providers: providers,
		State: func(id workspaces.ID, run runner.Run) (map[string]string, func()) {
			return backend.Issue(srv.URL, server.Grant{Workspace: id, RunID: run.ID})
		},
		Meter:  polls{f, name},
		Logger: slog.New(slog.NewTextHandler(f.t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo})).With("replica", name),
		Shared: true, Lease: shortLease,
	}
	if more != nil {
		more(&opts)
	}
	f.must(f.db.View(f.t.Context(), func(tx runner.Tx) error {
		last, err := tx.Events(runner.EventFilter{Limit: 1})
		if len(last) > 0 && len(f.members) < 2 {
			f.settled = last[0].ID
		}
		return err
	}))
	f.members = append(f.members, m)
	m.r, err = runner.New(f.t.Context(), opts)
	f.must(err)
	var ctx context.Context
	ctx, m.stop = context.WithCancel(f.t.Context())
	go func() { m.done <- m.r.Run(ctx) }()
	f.t.Cleanup(func() { m.end() })
	return m
}

// end stops a replica as SIGTERM does.
func (m *member) end() {
	m.stop()
	if m.done == nil {
		return
	}
	select {
	case err := <-m.done:
		if err != nil && !errors.Is(err, context.Canceled) {
			m.f.t.Errorf("%s: %v", m.name, err)
		}
	case <-time.After(patience):
		m.f.t.Errorf("%s does not stop", m.name)
	}
	m.done = nil
}

// await waits until nothing is missing.
func (f *fleet) await(what string, missing func(tx runner.Tx) (string, error)) {
	f.t.Helper()
	text := ""
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		f.must(f.db.View(f.t.Context(), func(tx runner.Tx) (err error) {
			text, err = missing(tx)
			return err
		}))
		if text == "" {
			return
		}
	}
	f.t.Fatalf("%s: %s", what, text)
}

// leaders are the holders of the leases by their names; "" where nobody has one.
func leaders(tx runner.Tx) (map[string]string, error) {
	all, err := tx.Leases()
	found := map[string]string{}
	for _, l := range all {
		found[l.Name] = l.Owner
	}
	return found, err
}
