package test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/test/forges"
	"github.com/driftlessops/driftless/workspaces"
)

// soaked ends a soak that does not come to an end; nothing depends on how long it is.
const soaked = 10 * time.Minute

// The workspaces that the pull requests of a soak share. Two pull requests in five are planned by a real engine; the others
// touch workspaces for which there is none, so that the forge is what the time goes into. In some workspaces two of them are
// merged.
const (
	soakDirs  = 40
	realDirs  = 16
	twiceDirs = 4
)

const noEngine = "terraform {\n  required_version = \"> 999\"\n}\n"

// soak is a busy repository at a forge that is not well.
type soak struct {
	*hub
	pulls []*soakPull
	made  string // file with a line for each thing that was made
}

// soakPull is one of its pull requests.
type soakPull struct {
	number int
	branch string
	dir    string
	real   bool   // there is an engine for it
	fate   string // what becomes of it: "", "updated", "closed", "merged"
	done   bool   // it has become of it
}

// TestSoak has many pull requests on one repository, at a forge that fails one answer in ten and limits writes, and
// driftless killed twice meanwhile: in the end each pull request has one comment with the right content, statuses are
// final, nothing waits, and what was merged was applied once.
func TestSoak(t *testing.T) {
	t.Parallel()
	for kind, pulls := range map[string]int{"github": 200, "gitea": 40} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			if raced { // everything takes several times as long
				pulls = pulls / 4
			}
			s := newSoak(t, kind, pulls)
			s.forge.SetFaults(forges.Faults{Share: 0.1, Seed: 7, HiddenEdits: 2, UnknownMerges: 2})
			stop := s.serve()
			s.await(soaked, s.shown(pulls/4))
			stop(syscall.SIGKILL)
			s.forge.LimitWrites(1, time.Second)
			stop = s.serve()
			s.await(soaked, s.shown(pulls/2))
			s.await(soaked, s.fates)
			stop(syscall.SIGKILL)
			s.forge.LimitWrites(1, time.Second)
			stop = s.serve()
			defer func() {
				if t.Failed() {
					t.Log(s.told())
				}
			}()
			s.await(soaked, s.missing)
			stop(syscall.SIGTERM)
			s.check()
		})
	}
}

func newSoak(t *testing.T, kind string, pulls int) *soak {
	t.Helper()
	files := map[string]string{}
	for i := range soakDirs {
		files[fmt.Sprintf("w%02d/main.tf", i)] = noEngine
		if i < realDirs {
			files[fmt.Sprintf("w%02d/main.tf", i)] = idle
		}
	}
	s := &soak{hub: newHub(t, kind, files)}
	s.made = s.path("made")
	s.pass() // which finds every workspace as it is
	for i := range pulls {
		p := &soakPull{branch: fmt.Sprintf("change-%03d", i), dir: fmt.Sprintf("w%02d", i%soakDirs)}
		p.real = i%soakDirs < realDirs
		p.fate = map[int]string{0: "updated", 1: "closed", 6: "updated", 7: "closed"}[i%10]
		if i < realDirs || i >= soakDirs && i < soakDirs+twiceDirs { // a merge makes the others' plans be made again
			p.fate = "merged"
		}
		p.number = s.open(p.branch, map[string]string{p.file(): s.thing(p, 1)})
		s.pulls = append(s.pulls, p)
	}
	return s
}

func (p *soakPull) file() string { return p.dir + "/" + p.branch + ".tf" }

// thing is what a pull request makes: it writes down each time that it is made.
func (s *soak) thing(p *soakPull, version int) string {
	return fmt.Sprintf("resource \"terraform_data\" \"%s\" {\n  input = \"v%d\"\n\n  provisioner \"local-exec\" {\n    command = \"echo %[1]s v%[2]d >> '%s'\"\n  }\n}\n", p.branch, version, s.made)
}

// shown waits until so many pull requests have a comment.
func (s *soak) shown(least int) func() string {
	return func() string {
		n := 0
		for _, p := range s.pulls {
			if len(s.ours(p.number)) > 0 {
				n++
			}
		}
		if n >= least {
			return ""
		}
		return fmt.Sprintf("only %d pull requests have a comment", n)
	}
}

// fates lets become of the pull requests what is meant for them, once people can see what driftless says: a merge needs a
// reviewed plan.
func (s *soak) fates() string {
	left := 0
	for _, p := range s.pulls {
		if p.done || p.fate == "" {
			continue
		}
		if p.done = s.become(p); !p.done {
			left++
		}
	}
	if left == 0 {
		return ""
	}
	return fmt.Sprintf("%d pull requests have not met their fate", left)
}

func (s *soak) become(p *soakPull) bool {
	s.t.Helper()
	switch {
	case len(s.ours(p.number)) == 0:
		return false
	case p.fate == "updated":
		_, err := s.repo.Commit("ada", p.branch, "Again", map[string]string{p.file(): s.thing(p, 2)})
		s.must(err)
	case p.fate == "closed":
		s.must(s.repo.Close("ben", p.number))
	case !s.reviewable(p):
		return false
	default:
		_, err := s.repo.MergePull(p.number, forges.Squash, "ben")
		s.must(err)
	}
	return true
}

// reviewable reports whether people see the plan of a pull request, and driftless knows that they do.
func (s *soak) reviewable(p *soakPull) bool {
	if !strings.Contains(s.ours(p.number)[0].Body, "applies these changes") {
		return false
	}
	return !slices.ContainsFunc(s.waiting(), func(post runner.Post) bool {
		return post.Kind == runner.PostReport && post.Key == strconv.Itoa(p.number)
	})
}

// missing is what is not as it is to be in the end.
func (s *soak) missing() string {
	for _, p := range s.pulls {
		if what := s.missingOf(p); what != "" {
			return fmt.Sprintf("pull request %d (%s): %s", p.number, p.fate, what)
		}
	}
	if posts := s.waiting(); len(posts) > 0 {
		return fmt.Sprintf("%d posts wait, such as %s %s: %s", len(posts), posts[0].Kind, posts[0].Key, posts[0].Error)
	}
	return ""
}

func (s *soak) missingOf(p *soakPull) string {
	ours, head := s.ours(p.number), s.head(p.number)
	if len(ours) != 1 {
		return fmt.Sprintf("%d comments", len(ours))
	}
	want, plan := []string{"head=" + head, p.dir}, "success"
	switch {
	case p.fate == "closed":
		want = append(want, "closed")
	case p.fate == "merged":
		want = append(want, p.branch, "applied")
	case p.real:
		want = append(want, p.branch)
	default:
		want, plan = append(want, "999"), "failure"
	}
	for _, text := range want {
		if !strings.Contains(ours[0].Body, text) {
			return fmt.Sprintf("no %q in its comment:\n%s", text, ours[0].Body)
		}
	}
	for _, context := range []string{"driftless/plan", "driftless/plan: " + p.dir} {
		if state := s.state(head, context); state != plan && p.fate != "closed" {
			return fmt.Sprintf("status %s is %s", context, state)
		}
	}
	for _, context := range []string{"driftless/policy", "driftless/apply"} {
		if state := s.state(head, context); p.real && state != "success" && p.fate != "closed" {
			return fmt.Sprintf("status %s is %s", context, state)
		}
	}
	return ""
}

// told is all that is on record of the first pull request that something is missing of.
func (s *soak) told() string {
	i := slices.IndexFunc(s.pulls, func(p *soakPull) bool { return s.missingOf(p) != "" })
	if i < 0 {
		return "nothing is missing of any pull request"
	}
	p, told := s.pulls[i], &strings.Builder{}
	s.must(s.view(func(tx runner.Tx) error {
		pulls, err := tx.Pulls(runner.PullFilter{Key: strconv.Itoa(p.number)})
		if err != nil || len(pulls) == 0 {
			return err
		}
		rep, err := tx.Report(pulls[0].ID)
		fmt.Fprintf(told, "%+v\nreport of %s with %v since %s, %v (%v)\n", pulls[0], rep.Head, rep.Runs, rep.At, rep.Earlier, err)
		runs, err := tx.Runs(runner.RunFilter{Workspace: workspaces.ID("infra//" + p.dir)})
		for _, r := range runs {
			fmt.Fprintf(told, "run %d: %s of %q (%s) %s: %s; from %s to %s\n", r.ID, r.Purpose, r.Trigger, r.InputDigest, r.Status, r.Reason, r.CreatedAt, r.FinishedAt)
		}
		posts, failed := tx.Posts(runner.PostFilter{Repository: "infra"})
		for _, post := range posts {
			if post.Key == strconv.Itoa(p.number) || strings.HasPrefix(post.Key, s.head(p.number)) {
				fmt.Fprintf(told, "%s %s: version %d since %s, shown %d: %.300s %s\n", post.Kind, post.Key, post.Version, post.UpdatedAt, post.Shown, post.Want, post.Error)
			}
		}
		return errors.Join(err, failed)
	}))
	for _, st := range s.repo.Statuses(s.head(p.number)) {
		fmt.Fprintf(told, "at the forge since %s: %s is %s: %s\n", st.Created, st.Context, st.State, st.Description)
	}
	return told.String()
}

// check checks what must not have happened on the way.
func (s *soak) check() {
	s.t.Helper()
	text, err := os.ReadFile(s.made)
	s.must(err)
	for _, p := range s.pulls {
		want := 0
		if p.fate == "merged" {
			want = 1
		}
		if n := strings.Count(string(text), p.branch+" "); n != want {
			s.t.Errorf("%s was made %d times", p.branch, n)
		}
	}
	for i := range realDirs {
		id := workspaces.ID(fmt.Sprintf("infra//w%02d", i))
		if rec := s.workspace(id); rec.Sync != runner.Synced {
			s.t.Errorf("%s is %s: %s", id, rec.Sync, rec.Reason)
		}
	}
	if n := len(s.repo.Issues()); n != len(s.pulls) {
		s.t.Errorf("%d issues were opened", n-len(s.pulls))
	}
}
