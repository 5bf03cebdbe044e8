package test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/test/forges"
	"github.com/driftlessops/driftless/workspaces"
)

// TestRequests counts what driftless asks a forge: nothing that is charged for while nothing happens, and no more than what
// it has to know and to show when something does. With -v it prints the tables of docs/operations.md.
func TestRequests(t *testing.T) {
	t.Parallel()
	kinds := []string{"github", "github app", "gitea"}
	meters := make([]*meter, len(kinds))
	t.Run("at", func(t *testing.T) {
		for i, kind := range kinds {
			t.Run(kind, func(t *testing.T) {
				t.Parallel()
				meters[i] = newMeter(t, kind)
				meters[i].live()
				meters[i].rest()
			})
		}
	})
	if !t.Failed() && !slices.Contains(meters, nil) {
		t.Log(table(meters))
	}
}

// live lets happen what people do.
func (m *meter) live() {
	m.t.Helper()
	m.open("readme", map[string]string{"README.md": "Nothing that any workspace reads.\n"})
	other := m.open("other", map[string]string{"w01/other.tf": thing("other")})
	stop := m.begin()
	defer stop(syscall.SIGTERM)
	one, many := 0, 0
	planned := func(n *int) func() string { return func() string { return m.planned(*n) } }

	m.measure("a pull request of 1 workspace is opened, to its report", func() error {
		one = m.open("one", map[string]string{"w00/one.tf": thing("one")})
		return nil
	}, planned(&one)).within(m, 1, opened(1, m.app))
	m.measure("a further commit", func() error {
		_, err := m.repo.Commit("ada", "one", "Again", map[string]string{"w00/one.tf": thing("two")})
		return err
	}, planned(&one)).within(m, 0, updated(1, m.app))
	m.measure("a command in a comment, to its end", func() error {
		_, err := m.repo.Comment("ben", one, "driftless plan")
		return err
	}, m.again(3, "infra//w00")).within(m, 1, 1+updated(1, m.app))
	m.measure("a review", func() error {
		_, err := m.repo.Review("ben", one, "APPROVED", "")
		return err
	}, nothing).within(m, 0, 0)
	before := m.ours(other)
	m.measure("the merge, to the end of the apply", func() error {
		_, err := m.repo.MergePull(one, forges.Squash, "ben")
		return err
	}, m.applied("infra//w00")).within(m, 2, merged(1))
	if after := m.ours(other); !slices.EqualFunc(before, after, func(a, b forges.Comment) bool { return a.Body == b.Body }) {
		m.t.Errorf("the merge of another pull request makes the report of one be written anew:\n%+v\n%+v", before, after)
	}
	m.measure(fmt.Sprintf("a pull request of %d workspaces is opened, to its report", manyDirs), func() error {
		files := map[string]string{}
		for i := range manyDirs {
			files[fmt.Sprintf("w%02d/many.tf", i)] = thing("many")
		}
		many = m.open("many", files)
		return nil
	}, planned(&many)).within(m, 1, opened(manyDirs, m.app))
	m.measure("drift, to its issue", func() error {
		if err := os.WriteFile(m.outside, []byte("1"), 0o600); err != nil {
			return err
		}
		m.driftless("drift", "--check", "drift")
		return nil
	}, m.issue).within(m, 4, 4)
}

// The most that is written, as far as driftless has to. The report shows what a poll found, and each workspace when it is done;
// reconciling twice meanwhile may show that work goes on. The status of the plan is pending, the others are not there, then
// each says what became of it, and in between perhaps that a plan is there and not judged yet; so does the check run of an App.
func opened(n int, app bool) int { return 1 + updated(n, app) }

func updated(n int, app bool) int {
	most := n + 2 + 3*3
	if n <= 10 {
		most += n // a status each
	}
	if app {
		most += 3
	}
	return most
}

// merged is the same with one status, on the head and on the merge's commit.
func merged(n int) int { return n + 3 + 2*3 }

// within fails if something took more reads of its own, or more writes.
func (c cost) within(m *meter, reads, writes int) {
	m.t.Helper()
	if m.app { // which look for the check run before each that they write
		reads += 3
	}
	if c.own > reads || c.writes > writes || c.reads > reads+2*c.polls {
		m.t.Errorf("%s: %+v, want at most %d reads and %d writes", c.what, c, reads, writes)
		for _, r := range m.forge.Requests() {
			m.t.Logf("%s %s %d", r.Method, r.Path, r.Status)
		}
	}
}

func nothing() string { return "" }

// planned is what is missing of the plan of a pull request's head, or "".
func (m *meter) planned(n int) string {
	if state := m.state(m.head(n), "driftless/plan"); state != "success" {
		return fmt.Sprintf("the plan of %d is %s", n, state)
	}
	return ""
}

func (m *meter) again(times int, id string) (missing func() string) {
	return func() string {
		if n := len(m.runs(workspaces.ID(id), runner.PurposePlan)); n < times {
			return fmt.Sprintf("%s was planned %d times", id, n)
		}
		return ""
	}
}

func (m *meter) applied(id string) (missing func() string) {
	return func() string {
		if run := m.runs(workspaces.ID(id), runner.PurposeApply)[0]; run.Status != runner.Applied {
			return fmt.Sprintf("the apply of %s is %s", id, run.Status)
		}
		return ""
	}
}

// issue is what is missing of an issue about drift.
func (m *meter) issue() string {
	for _, i := range m.repo.Issues() {
		if i.Pull == nil && i.Open {
			return ""
		}
	}
	return "there is no issue"
}

// idlePolls are the polls of a repository at rest that are looked at.
const idlePolls = 10

// rest lets driftless poll by itself, with pull requests and an issue open and nothing happening: each poll is one ls-remote, two
// questions at most, and on GitHub free.
func (m *meter) rest() {
	m.t.Helper()
	m.poll = "1s"
	m.must(m.writeConfig())
	stop := m.begin()
	m.await(patience, m.polled(settling))
	m.forge.ForgetRequests()
	m.await(patience, m.polled(idlePolls+1))
	refs, objects := m.forge.GitRequests()
	all := m.forge.Requests()
	stop(syscall.SIGTERM)
	if d := refs - m.polls(); d < -1 || d > 1 || objects > 0 {
		m.t.Errorf("%d questions for refs and %d for objects in %d polls", refs, objects, m.polls())
	}
	questions := 0
	for _, r := range all {
		if questions++; questions > 2 || r.Method != http.MethodGet {
			m.t.Errorf("question %d of a poll: %s %s", questions, r.Method, r.Path)
		}
		if m.hosted.kind == "github" && (r.Charged || r.Status != http.StatusNotModified) {
			m.t.Errorf("%s %s is charged for: %d", r.Method, r.Path, r.Status)
		}
		if newComments(r) {
			questions = 0
		}
	}
}

// life is how many of the first costs are of the life of one pull request.
const life = 5

// table is what docs/operations.md says: what was counted, and what that comes to in an hour.
func table(meters []*meter) string {
	var b strings.Builder
	b.WriteString("\n| reads + writes | GitHub, token | GitHub App | Gitea |\n|---|---|---|---|\n")
	say(&b, "| %s |%s\n", "ten polls at rest, with pull requests and an issue open", strings.Repeat(" 0 + 0 |", len(meters))) // or rest failed
	busy := make([]cost, len(meters))
	for i, c := range meters[0].costs {
		say(&b, "| %s |", c.what)
		for j, m := range meters {
			one := m.costs[i]
			say(&b, " %d + %d |", one.reads, one.writes)
			if i < life {
				busy[j].reads, busy[j].writes = busy[j].reads+10*one.reads, busy[j].writes+10*one.writes
			}
		}
		b.WriteString("\n")
	}
	b.WriteString("\n| `poll_interval` | idle: GitHub, free + charged | Gitea | busy: GitHub, token | GitHub App | Gitea |\n|---|---|---|---|---|---|\n")
	for _, interval := range []string{"10s", "30s", "1m", "5m"} {
		d, _ := time.ParseDuration(interval)
		polls := int(time.Hour / (d + d/20)) // and half the jitter
		say(&b, "| %s | %d + 0 | %d |", interval, 2*polls, 2*polls)
		for j, m := range meters {
			reads := busy[j].reads
			if m.hosted.kind == "gitea" {
				reads += 2 * polls
			}
			say(&b, " %d + %d |", reads, busy[j].writes)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func thing(name string) string { return fmt.Sprintf("resource \"terraform_data\" %q {}\n", name) }
