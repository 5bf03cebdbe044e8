package test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/test/forges"
)

// manyDirs are more workspaces than get a status of their own.
const manyDirs = 12

// meter counts what driftless asks a forge: of polls that webhooks wake, so that it is known how many there are.
type meter struct {
	*hub
	title   string
	app     bool
	address string // of the webhooks
	outside string // a file that the workspace drift reads: with 1 in it, it has drifted
	costs   []cost
}

// cost is what something takes from its first poll to the first that finds nothing new.
type cost struct {
	what   string
	reads  int // charged; of Gitea those besides the two of each poll
	free   int // answered 304
	writes int
	polls  int
	own    int // of the reads those that are not the two of each poll
}

func newMeter(t *testing.T, kind string) *meter {
	t.Helper()
	outside := filepath.Join(t.TempDir(), "count")
	files := map[string]string{"drift/main.tf": fmt.Sprintf("resource \"terraform_data\" \"drift\" {\n  count = tonumber(file(%q))\n}\n", outside)}
	for i := range manyDirs {
		files[fmt.Sprintf("w%02d/main.tf", i)] = idle
	}
	m := &meter{title: kind, outside: outside}
	kind, m.app = strings.CutSuffix(kind, " app")
	m.hub = newHub(t, kind, files)
	m.must(os.WriteFile(outside, []byte("0"), 0o600))
	if m.app {
		m.must(signInAsApp(nil, m.story, nil))
	}
	m.hosted.hooks, m.poll = m.path("hooks"), "1h"
	m.must(os.WriteFile(m.hosted.hooks, []byte(hookSecret), 0o600))
	m.must(m.writeConfig())
	m.pass()
	return m
}

var listening = regexp.MustCompile(`listening.*address=(\S+)`)

// begin starts driftless, and waits until it has done what it finds.
func (m *meter) begin() (stop func(syscall.Signal)) {
	m.t.Helper()
	m.forge.ForgetRequests()
	stop = m.serve()
	m.await(patience, func() string {
		found := listening.FindStringSubmatch(m.tail())
		if found == nil {
			return "it does not listen"
		}
		m.address = found[1]
		return ""
	})
	m.await(patience, m.polled(1))
	m.await(patience, m.work)
	return stop
}

// pollOnce wakes one poll, and waits for its end.
func (m *meter) pollOnce() {
	m.t.Helper()
	next := m.polled(m.polls() + 1)
	if status := m.deliver(m.address, "pull_request", hookSecret); status != http.StatusAccepted {
		m.t.Fatalf("a webhook was answered %d", status)
	}
	m.await(patience, next)
}

func (m *meter) polled(n int) (missing func() string) {
	return func() string {
		if m.polls() >= n {
			return ""
		}
		return "it does not poll"
	}
}

// polls is how many polls ended: the question for comments is the last of each.
func (m *meter) polls() (n int) {
	for _, r := range m.forge.Requests() {
		if newComments(r) {
			n++
		}
	}
	return n
}

func newComments(r forges.Request) bool { return strings.Contains(r.Path, "/issues/comments?") }
func newPulls(r forges.Request) bool    { return strings.Contains(r.Path, "/pulls?") }

// work is what driftless still has to do of what it knows, or "".
func (m *meter) work() (left string) {
	m.t.Helper()
	m.must(m.view(func(tx runner.Tx) error {
		runs, err := tx.Runs(runner.RunFilter{Statuses: []runner.Status{runner.Queued, runner.Planning, runner.Planned, runner.Applying}})
		if len(runs) > 0 {
			left = fmt.Sprintf("run %d is %s", runs[0].ID, runs[0].Status)
		}
		return err
	}))
	if left != "" {
		return left
	}
	for _, p := range m.pulls(runner.Open) { // a run ends before it is reported
		if m.state(p.Head, "driftless/plan") == "pending" {
			return fmt.Sprintf("the plan of pull request %s is not reported", p.Key)
		}
	}
	if posts := m.waiting(); len(posts) > 0 {
		return fmt.Sprintf("%s %s waits: %s", posts[0].Kind, posts[0].Key, posts[0].Error)
	}
	return ""
}

// settling is how many polls at most find something new of what driftless did itself, the last of them nothing.
const settling = 4

// measure lets something happen, waits until it is missing nothing, and adds what it took.
func (m *meter) measure(what string, do func() error, missing func() string) cost {
	m.t.Helper()
	m.forge.ForgetRequests()
	m.must(do())
	m.pollOnce()
	m.await(patience, missing)
	m.await(patience, m.work)
	for before := -1; ; {
		m.pollOnce()
		now := m.count(what)
		if m.hosted.kind == "gitea" && now.polls == 2 || now.reads == before {
			m.costs = append(m.costs, now)
			return now
		}
		if before = now.reads; now.polls > settling {
			m.t.Errorf("%s: something is new to poll %d: %+v", what, now.polls, m.forge.Requests())
			return now
		}
	}
}

func (m *meter) pulls(state runner.PullState) (all []runner.Pull) {
	m.t.Helper()
	m.must(m.view(func(tx runner.Tx) (err error) {
		all, err = tx.Pulls(runner.PullFilter{Repository: "infra", State: state})
		return err
	}))
	return all
}

// count counts the requests since the last time that they were forgotten.
func (m *meter) count(what string) cost {
	c := cost{what: what}
	for _, r := range m.forge.Requests() {
		ofPoll := newComments(r) || newPulls(r)
		if newComments(r) {
			c.polls++
		}
		switch {
		case r.Method != http.MethodGet:
			c.writes++
		case r.Status == http.StatusNotModified:
			c.free++
		case ofPoll && m.hosted.kind == "gitea":
		default:
			if c.reads++; !ofPoll {
				c.own++
			}
		}
	}
	return c
}
