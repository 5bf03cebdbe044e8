package gitrepo

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCommits(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	first := r.commit("first\n\nbody", "a", "1")
	r.git("checkout", "--quiet", "-b", "topic")
	topic := r.commit("topic \xff | \"quoted\"", "b", "2")
	r.git("checkout", "--quiet", "main")
	second := r.commit("second", "a", "2")
	r.git("merge", "--quiet", "--no-ff", "-m", "merge", "topic")
	merge := r.git("rev-parse", "HEAD")
	m := r.mirror()

	c := must[Commit](t)(m.Commit(t.Context(), "refs/heads/main"))
	if c.ID != merge || c.Tree != r.git("rev-parse", "HEAD^{tree}") || c.Author != "Ada" || c.Email != "ada@example.com" || c.Subject != "merge" {
		t.Errorf("%+v", c)
	}
	same(t, "parents", c.Parents, []string{second, topic})
	if got := c.When.Format("2006-01-02T15:04:05Z07:00"); got != "2026-01-02T03:04:05Z" {
		t.Errorf("date %s", got)
	}
	ids := func(from, to string, limit int) (list []string) {
		for _, c := range must[[]Commit](t)(m.Commits(t.Context(), from, to, limit)) {
			list = append(list, c.ID)
		}
		return list
	}
	if got := ids("", merge, 0); len(got) != 4 || got[0] != merge || got[3] != first {
		t.Errorf("all: %v", got)
	}
	same(t, "limited", ids("", merge, 1), []string{merge})
	same(t, "range", ids(second, merge, 0), []string{merge, topic})
	same(t, "nothing", ids(merge, first, 0), nil)
	if got := must[Commit](t)(m.Commit(t.Context(), topic)).Subject; !utf8.ValidString(got) || !strings.Contains(got, `"quoted"`) {
		t.Errorf("subject %q", got)
	}
	for _, bad := range []string{strings.Repeat("1", 40), "nope", "--all", c.Tree} {
		if _, err := m.Commit(t.Context(), bad); !errors.Is(err, ErrMissing) {
			t.Errorf("commit %q: %v", bad, err)
		}
	}
	if _, err := m.Commits(t.Context(), strings.Repeat("1", 40), merge, 0); !errors.Is(err, ErrMissing) {
		t.Errorf("from a missing commit: %v", err)
	}
	if m.Doubted() {
		t.Error("asking for what is not there put the mirror in doubt")
	}
}

func TestChangedFiles(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	odd := "dir/odd\n\t\"\xff name"
	a := r.commit("one", odd, "1", "same", "1", "moved", "some content that is kept", "x/deleted", "1")
	r.git("mv", "moved", "renamed")
	r.git("rm", "--quiet", "x/deleted")
	b := r.commit("two", odd, "2")
	m := r.mirror()
	want := []string{odd, "moved", "renamed", "x/deleted"}
	for _, pair := range [][2]string{{a, b}, {b, a}, {a + "^{tree}", "refs/heads/main"}} {
		got := must[[]string](t)(m.ChangedFiles(t.Context(), pair[0], pair[1]))
		slices.Sort(got)
		same(t, "changed", got, want)
	}
	same(t, "nothing", must[[]string](t)(m.ChangedFiles(t.Context(), a, a)), nil)
	if _, err := m.ChangedFiles(t.Context(), a, strings.Repeat("1", 40)); !errors.Is(err, ErrMissing) {
		t.Errorf("missing: %v", err)
	}
}

func FuzzParseGitOutput(f *testing.F) {
	id := strings.Repeat("a", 40)
	for _, seed := range []string{
		"", "\x00", id + "\x00a\nb\x00", id + "\tHEAD\nref: refs/heads/main\tHEAD\n" + id + "\trefs/tags/v1\n" + id + "\trefs/tags/v1^{}\n",
		strings.Join([]string{id, id, id, "Ada", "a@b", "1", "subject", ""}, "\x00"), "120000 " + id + " 0\ta b\tc\x00",
		"git version 2.39.5 (Apple)",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, out string) {
		commits, err := parseLog(out)
		for _, c := range commits {
			if err != nil || !isID(c.ID) || !utf8.ValidString(c.Subject+c.Author+c.Email) {
				t.Errorf("%+v", c)
			}
		}
		if tree, conflicts, ok := parseMergeTree(out); ok && (!isID(tree) || len(conflicts) == 0 || !slices.IsSorted(conflicts)) {
			t.Errorf("%q, %q", tree, conflicts)
		}
		if a, err := parseLsRemote(out); err == nil {
			for name, id := range a.All {
				if !validRef(name) || !isID(id) {
					t.Errorf("%q is %q", name, id)
				}
			}
		}
		for _, entry := range parseStage(out) {
			if strings.Contains(entry.path, "\x00") {
				t.Errorf("%+v", entry)
			}
		}
		newEnough(out)
		broken(out)
		kindOfStderr(out)
	})
}
