package gitrepo

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/driftlessops/driftless/workspaces"
)

func TestMerge(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	base := r.commit("base", "a", "1\n", "odd\n\"name", "1\n")
	r.git("checkout", "--quiet", "-b", "clean")
	clean := r.commit("clean", "b", "2\n")
	r.git("checkout", "--quiet", "-b", "conflict", base)
	conflict := r.commit("conflict", "a", "theirs\n", "odd\n\"name", "theirs\n")
	r.git("checkout", "--quiet", "main")
	main := r.commit("main", "a", "ours\n", "odd\n\"name", "ours\n")
	r.git("checkout", "--quiet", "--orphan", "unrelated")
	unrelated := r.commit("unrelated", "z", "")
	m := r.mirror()

	got := must[MergeResult](t)(m.Merge(t.Context(), main, clean))
	r.git("checkout", "--quiet", "main")
	r.git("merge", "--quiet", "--no-edit", "clean")
	if want := r.git("rev-parse", "HEAD^{tree}"); got.Tree != want || len(got.Conflicts) != 0 {
		t.Errorf("clean merge: %+v, want the tree %s", got, want)
	}
	got = must[MergeResult](t)(m.Merge(t.Context(), "refs/heads/main", "refs/heads/conflict"))
	same(t, "conflicts", got.Conflicts, []string{"a", "odd\n\"name"})
	if got.Tree != "" {
		t.Errorf("a merge with conflicts has the tree %s", got.Tree)
	}
	if _, err := m.Merge(t.Context(), main, unrelated); !errors.Is(err, ErrUnrelated) {
		t.Errorf("unrelated histories: %v", err)
	}
	for _, bad := range []string{strings.Repeat("1", 40), "nope", "--help", ""} {
		if got, err := m.Merge(t.Context(), main, bad); !errors.Is(err, ErrMissing) {
			t.Errorf("%q: %+v, %v", bad, got, err)
		}
		if _, err := m.MergeBase(t.Context(), main, bad); !errors.Is(err, ErrMissing) {
			t.Errorf("merge base with %q: %v", bad, err)
		}
		if _, err := m.IsAncestor(t.Context(), bad, main); !errors.Is(err, ErrMissing) {
			t.Errorf("ancestor %q: %v", bad, err)
		}
	}
	if got := must[string](t)(m.MergeBase(t.Context(), main, conflict)); got != base {
		t.Errorf("merge base %s, want %s", got, base)
	}
	if got := must[string](t)(m.MergeBase(t.Context(), main, unrelated)); got != "" {
		t.Errorf("merge base of unrelated histories: %s", got)
	}
	if !must[bool](t)(m.IsAncestor(t.Context(), base, main)) || must[bool](t)(m.IsAncestor(t.Context(), main, base)) {
		t.Error("ancestry is wrong")
	}
	if m.Doubted() {
		t.Error("asking for what is not there put the mirror in doubt")
	}
}

// estate has a tracked branch and a topic of two commits that touch the same line twice.
func estate(t *testing.T) (r *repo, from string) {
	r = newRepo(t)
	from = r.commit("base", "a", "1\n2\n3\n4\n5\n6\n7\n8\n")
	r.git("checkout", "--quiet", "-b", "topic")
	r.commit("first", "a", "1\n2\n3\n4\n5\n6\n7\nfirst\n")
	r.commit("second", "a", "1\n2\n3\n4\n5\n6\n7\nsecond\n")
	r.git("checkout", "--quiet", "main")
	return r, from
}

func TestMergedAs(t *testing.T) {
	t.Parallel()
	squash := func(r *repo) string {
		r.git("merge", "--quiet", "--squash", "topic")
		return r.commit("squashed")
	}
	other := func(r *repo, name string) string { return r.commit("other "+name, name, name) }
	cases := map[string]func(r *repo) string{ // returns the commit that should be found
		"not merged": func(r *repo) string { other(r, "x"); return "" },
		"fast-forward": func(r *repo) string {
			r.git("merge", "--quiet", "--ff-only", "topic")
			return r.git("rev-parse", "HEAD")
		},
		"merge commit": func(r *repo) string {
			other(r, "x")
			r.git("merge", "--quiet", "--no-ff", "--no-edit", "topic")
			merged := r.git("rev-parse", "HEAD")
			other(r, "y")
			return merged
		},
		"squash": func(r *repo) string { other(r, "x"); c := squash(r); other(r, "y"); return c },
		"squash, then reverted": func(r *repo) string {
			c := squash(r)
			r.git("revert", "--no-edit", "HEAD")
			other(r, "y")
			return c
		},
		"squash of a topic that merged main": func(r *repo) string {
			other(r, "x")
			r.git("checkout", "--quiet", "topic")
			r.git("merge", "--quiet", "--no-edit", "main")
			r.git("checkout", "--quiet", "main")
			other(r, "y")
			return squash(r)
		},
		"rebase": func(r *repo) string {
			other(r, "x")
			r.git("cherry-pick", "main..topic")
			c := r.git("rev-parse", "HEAD")
			other(r, "y")
			return c
		},
		"squash, edited while merging": func(r *repo) string {
			r.git("merge", "--quiet", "--squash", "topic")
			r.commit("squashed", "a", "1\n2\n3\n4\n5\n6\n7\nedited\n")
			return ""
		},
		"squash behind a merge": func(r *repo) string {
			r.git("checkout", "--quiet", "-b", "side")
			c := squash(r)
			r.git("checkout", "--quiet", "main")
			other(r, "x")
			r.git("merge", "--quiet", "--no-ff", "--no-edit", "side")
			return c
		},
		"merged, then force-pushed away": func(r *repo) string {
			squash(r)
			r.git("reset", "--quiet", "--hard", "HEAD^")
			other(r, "x")
			return ""
		},
	}
	for name, act := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, from := estate(t)
			want := act(r)
			head := r.git("rev-parse", "topic")
			to := r.git("rev-parse", "main")
			m := r.mirror()
			got, ok, err := m.MergedAs(t.Context(), head, from, to)
			if err != nil || got != want || ok != (want != "") {
				t.Errorf("got %q, %v, %v; want %q", got, ok, err, want)
			}
			_, ok, err = m.MergedAs(t.Context(), head, "", to)
			if byAncestry := name == "fast-forward" || name == "merge commit"; err != nil || ok != byAncestry {
				t.Errorf("by ancestry alone: %v, %v", ok, err)
			}
		})
	}
}

func TestMergedAsEmptyAndUnrelated(t *testing.T) {
	t.Parallel()
	r, from := estate(t)
	r.git("checkout", "--quiet", "-b", "empty")
	empty := r.commit("nothing")
	r.git("checkout", "--quiet", "--orphan", "orphan")
	orphan := r.commit("orphan", "z", "z")
	r.git("checkout", "--quiet", "main")
	first := r.commit("x", "x", "x")
	to := r.commit("y", "y", "y")
	m := r.mirror()
	for name, head := range map[string]string{"empty": empty, "orphan": orphan} {
		if got, ok, err := m.MergedAs(t.Context(), head, from, to); ok || err != nil {
			t.Errorf("%s: %q, %v, %v", name, got, ok, err)
		}
	}
	if got, ok, err := m.MergedAs(t.Context(), from, from, to); !ok || got != first || err != nil {
		t.Errorf("contained before the range: %q, %v, %v; want %q", got, ok, err, first)
	}
	if got, ok, err := m.MergedAs(t.Context(), from, to, to); !ok || got != to || err != nil {
		t.Errorf("empty range: %q, %v, %v", got, ok, err)
	}
	if _, _, err := m.MergedAs(t.Context(), strings.Repeat("1", 40), from, to); !errors.Is(err, ErrMissing) {
		t.Errorf("missing head: %v", err)
	}
}

func TestKeepAndMaintain(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	base := r.commit("base", "a", "1")
	r.git("checkout", "--quiet", "-b", "topic")
	topic := r.commit("topic", "b", "2")
	r.git("checkout", "--quiet", "-b", "dropped", "main")
	dropped := r.commit("dropped", "c", "3")
	r.git("checkout", "--quiet", "main")
	main := r.commit("main", "d", "4")
	m := r.mirror()
	merged := must[MergeResult](t)(m.Merge(t.Context(), main, topic)).Tree
	lost := must[MergeResult](t)(m.Merge(t.Context(), main, dropped)).Tree
	for range 2 {
		if err := m.Keep(t.Context(), []string{merged, topic, strings.Repeat("1", 40), "", "HEAD", merged, base}); err != nil {
			t.Fatal(err)
		}
	}
	have := strings.Fields(must[string](t)(call{args: []string{"for-each-ref", "--format=%(objectname)", holds}, dir: m.gitDir, env: remoteEnviron()}.run(t.Context())))
	want := []string{merged, topic, base}
	if slices.Sort(want); !slices.Equal(have, want) {
		t.Errorf("holds %v, not %v", have, want)
	}
	r.git("branch", "-D", "topic", "dropped")
	fetchAll(t, m)
	if !m.Has(dropped) {
		t.Error("a dropped commit went before Maintain")
	}
	held := must[workspaces.Tree](t)(m.Tree(t.Context(), merged))
	if err := m.Maintain(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if content, err := held.Read("b"); err != nil || string(content) != "2" {
		t.Errorf("a held tree reads %q, %v after Maintain", content, err)
	}
	if !m.Has(topic) || m.Has(dropped) {
		t.Errorf("topic %v (held), dropped %v (not)", m.Has(topic), m.Has(dropped))
	}
	if _, err := m.Tree(t.Context(), lost); !errors.Is(err, ErrMissing) {
		t.Errorf("a tree that nothing held is still there: %v", err)
	}
	for range 2 {
		if err := m.Keep(t.Context(), []string{topic, strings.Repeat("1", 40), topic, "", base}); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Maintain(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Tree(t.Context(), merged); err != nil {
		t.Errorf("a tree that was written just now is gone: %v", err)
	}
	if err := m.Maintain(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if !m.Has(topic) {
		t.Error("what is kept is gone")
	}
	if _, err := m.Checkout(t.Context(), merged, filepath.Join(t.TempDir(), "x")); !errors.Is(err, ErrMissing) {
		t.Errorf("a released tree is still there: %v", err)
	}
}

// TestAMirrorBecomesTidy: what merges leave is pruned once nothing holds it, and the rest is packed.
func TestAMirrorBecomesTidy(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("base", "a", "1")
	m := r.mirror()
	h := must[*held](t)(m.use.shared(t.Context()))
	var names strings.Builder
	for i := range manyLoose + 1 {
		name := filepath.Join(r.dir, fmt.Sprint("loose-", i))
		if err := os.WriteFile(name, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
		names.WriteString(name + "\n")
	}
	out, err := m.gitIn(t.Context(), h, names.String(), "hash-object", "-w", "--no-filters", "--stdin-paths")
	h.release()
	if err != nil || !m.Untidy() {
		t.Fatalf("untidy %v: %v", m.Untidy(), err)
	}
	ids := strings.Fields(out)
	if err := m.Keep(t.Context(), ids[:10]); err != nil {
		t.Fatal(err)
	}
	if err := m.Maintain(t.Context(), 0); err != nil || m.Untidy() {
		t.Fatalf("untidy %v: %v", m.Untidy(), err)
	}
	left, err := filepath.Glob(filepath.Join(m.gitDir, "objects", "??", "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("%d loose objects are left, %v", len(left), err)
	}
	for i, id := range ids[:20] {
		if m.objects.holds(id, "blob") != (i < 10) {
			t.Errorf("object %d: %t", i, i >= 10)
		}
	}
}

// TestFollows: also a commit that the mirror does not have is followed by none, and one that it lacks is to be fetched.
func TestFollows(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	first := r.commit("one", "a", "1")
	second := r.commit("two", "a", "2")
	third := r.commit("three", "a", "3")
	m := r.mirror()
	void := strings.Repeat("1", 40)
	for _, test := range []struct {
		commit, earlier string
		want            bool
	}{{third, second, true}, {third, first, true}, {third, third, true}, {first, second, false}, {third, void, false}} {
		if got, err := m.Follows(t.Context(), test.commit, test.earlier); err != nil || got != test.want {
			t.Errorf("%s follows %s: %t, %v", test.commit, test.earlier, got, err)
		}
	}
	fourth := r.commit("four", "a", "4")
	for commit, want := range map[string]bool{first: false, third: false, fourth: true, void: true, "": true, "main": true} {
		if got := m.Lacks(commit); got != want {
			t.Errorf("lacks %q: %t", commit, got)
		}
	}
}
