package gitrepo

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestFetchFollowsTheRemote(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	first := r.commit("one", "a", "1")
	r.git("branch", "old")
	m := r.mirror()

	second := r.commit("two", "a", "2")
	r.git("branch", "-D", "old")
	r.git("branch", "old/er") // takes the place of a file by a directory
	refs := fetchAll(t, m)
	if !m.Has(second) || refs.Branch("old/er") != second {
		t.Errorf("after a push: %v", refs)
	}
	if _, err := m.Resolve(t.Context(), "refs/heads/old"); err == nil {
		t.Error("a deleted branch is still there")
	}

	r.git("reset", "--quiet", "--hard", first)
	forced := r.commit("other two", "a", "3")
	fetchAll(t, m)
	if !m.Has(forced) || !m.Has(second) {
		t.Error("a force-push must bring the new commit and keep the old one until Maintain")
	}
	if got := must[string](t)(m.Resolve(t.Context(), "refs/heads/main")); got != forced {
		t.Errorf("main is %s after a force-push, want %s", got, forced)
	}
}

func TestFetchBringsOnlyWhatIsWanted(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	main := r.commit("one", "a", "1")
	r.git("checkout", "--quiet", "-b", "other")
	other := r.commit("two", "a", "2")
	m := openMirror(t, Options{URL: r.dir})
	refs := must[Refs](t)(m.Remote(t.Context()))
	want := []string{"refs/heads/main", "refs/heads/main", "refs/heads/nothing", "HEAD", "refs/heads/*", "--force", "refs/heads/a:refs/heads/b"}
	if err := m.Fetch(t.Context(), refs, want); err != nil {
		t.Fatal(err)
	}
	if !m.Has(main) || m.Has(other) {
		t.Errorf("main %v, other %v", m.Has(main), m.Has(other))
	}
	tree := must[Commit](t)(m.Commit(t.Context(), main)).Tree
	for _, bad := range []string{"", "HEAD", tree, main[:10], strings.Repeat("1", 40), must[string](t)(m.Resolve(t.Context(), "main"))[:39] + "g"} {
		if m.Has(bad) {
			t.Errorf("has %q", bad)
		}
	}
}

// TestAFetchThatFailsIsNotRepeated: only what a server refuses by its id is asked for by name.
func TestAFetchThatFailsIsNotRepeated(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"fatal: remote error: upload-pack: not our ref 0123":                true,
		"error: Server does not allow request for unadvertised object 0123": true,
		"fatal: remote error: TF401035: The object '0123' does not exist.":  true,
		"fatal: early EOF": false,
		"fatal: unable to access 'http://x/': The requested URL returned error: 503": false,
		"fatal: Authentication failed for 'http://x/'":                               false,
		"fatal: write error: No space left on device":                                false,
		"error: cannot lock ref: Unable to create 'x.lock': File exists.":            false,
		"fatal: remote error: upload-pack: not our ref 0123\nthe remote end hung up": true,
	} {
		if got := fussy(text); got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
}

// TestFetchWhenRefsMoved: what was seen comes, and is asked for by one request; where the server gives no commit that no ref leads to,
// what its refs name now comes instead.
func TestFetchWhenRefsMoved(t *testing.T) {
	t.Parallel()
	for name, old := range map[string]bool{"a server of today": false, "one that knows the first version of the protocol alone": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			seen := r.commit("one", "a", "1")
			r.git("branch", "vanishing")
			var asked []string
			var mu sync.Mutex
			backend := r.backend()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				mu.Lock()
				asked = append(asked, req.Method+" "+req.URL.Path)
				mu.Unlock()
				if old {
					req.Header.Del("Git-Protocol")
				}
				backend.ServeHTTP(w, req)
			}))
			t.Cleanup(server.Close)
			m := openMirror(t, Options{URL: server.URL + "/" + filepath.Base(r.dir)})
			refs := must[Refs](t)(m.Remote(t.Context()))
			r.git("branch", "-D", "vanishing")
			r.git("commit", "--quiet", "--amend", "-m", "other")
			newer := r.git("rev-parse", "HEAD")
			mu.Lock()
			asked = nil
			mu.Unlock()
			if err := m.Fetch(t.Context(), refs, names(refs)); err != nil {
				t.Fatal(err)
			}
			if m.Has(seen) == old || m.Has(newer) != old {
				t.Errorf("has what was seen: %t, what is there now: %t", m.Has(seen), m.Has(newer))
			}
			want := seen
			if old {
				want = newer
			}
			if got := must[string](t)(m.Resolve(t.Context(), "refs/heads/main")); got != want {
				t.Errorf("main is %s, want %s", got, want)
			}
			if mu.Lock(); !old && len(asked) != 2 { // what the server can, and the commits
				t.Errorf("asked %q", asked)
			}
			mu.Unlock()
		})
	}
}

func TestFetchMendsDamage(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(t *testing.T, m *Mirror){
		"no HEAD":      func(t *testing.T, m *Mirror) { remove(t, m, "HEAD") },
		"no objects":   func(t *testing.T, m *Mirror) { remove(t, m, "objects") },
		"nothing":      func(t *testing.T, m *Mirror) { remove(t, m, "") },
		"bad config":   func(t *testing.T, m *Mirror) { overwrite(t, m, "config", "[core") },
		"no pack":      func(t *testing.T, m *Mirror) { remove(t, m, "objects/pack/*.pack") },
		"cut pack":     func(t *testing.T, m *Mirror) { overwrite(t, m, "objects/pack/*.pack", "PACK") },
		"cut idx":      func(t *testing.T, m *Mirror) { overwrite(t, m, "objects/pack/*.idx", "") },
		"empty ref":    func(t *testing.T, m *Mirror) { overwrite(t, m, "refs/heads/main", "") },
		"ref to void":  func(t *testing.T, m *Mirror) { overwrite(t, m, "refs/heads/main", strings.Repeat("1", 40)+"\n") },
		"flipped bits": func(t *testing.T, m *Mirror) { flip(t, m, "objects/pack/*.pack") },
	} {
		mends := func(t *testing.T, open func(t *testing.T, r *repo, m *Mirror) *Mirror) {
			t.Parallel()
			r := newRepo(t)
			r.commit("one", "dir/a", strings.Repeat("1\n", 100))
			m := r.mirror()
			damage(t, m)
			// Somebody notices, or the fetch does.
			if tree, err := m.Tree(t.Context(), "refs/heads/main"); err == nil {
				_, _ = tree.Read("dir/a")
			}
			_, _ = m.Checkout(t.Context(), "refs/heads/main", filepath.Join(t.TempDir(), "c"))
			second := r.commit("two", "dir/a", "2")
			again := open(t, r, m)
			fetchAll(t, again)
			for _, m := range []*Mirror{again, m} {
				if !m.Has(second) {
					t.Error("the new commit is missing")
				}
				tree, err := m.Tree(t.Context(), second+"~1")
				if err != nil {
					t.Fatal(err)
				}
				if content, err := tree.Read("dir/a"); err != nil || len(content) != 200 {
					t.Errorf("%d bytes, %v", len(content), err)
				}
			}
			if again.Doubted() {
				t.Error("still in doubt")
			}
		}
		t.Run(name, func(t *testing.T) {
			mends(t, func(_ *testing.T, _ *repo, m *Mirror) *Mirror { return m })
		})
		t.Run(name+", and driftless is started again", func(t *testing.T) {
			mends(t, func(t *testing.T, r *repo, m *Mirror) *Mirror {
				return openMirror(t, Options{URL: r.dir, Dir: m.gitDir})
			})
		})
	}
}

func matches(t *testing.T, m *Mirror, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(m.gitDir, pattern))
	if err != nil || len(found) == 0 {
		t.Fatalf("%s: %v, %v", pattern, found, err)
	}
	return found
}

func remove(t *testing.T, m *Mirror, pattern string) {
	t.Helper()
	for _, path := range matches(t, m, pattern) {
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
}

func overwrite(t *testing.T, m *Mirror, pattern, content string) {
	t.Helper()
	for _, path := range matches(t, m, pattern) {
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func flip(t *testing.T, m *Mirror, pattern string) {
	t.Helper()
	for _, path := range matches(t, m, pattern) {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := 20; i < len(content)-30; i++ {
			content[i] ^= 0x55
		}
		overwrite(t, m, pattern, string(content))
	}
}

func TestFetchRemovesStaleLocks(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	first := r.commit("one", "a", "1")
	m := r.mirror()
	for _, path := range []string{"refs/heads/main.lock", "packed-refs.lock", "HEAD.lock", "config.lock"} {
		if err := os.WriteFile(filepath.Join(m.gitDir, path), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	second := r.commit("two", "a", "2")
	fetchAll(t, m)
	if !m.Has(second) {
		t.Error("the new commit is missing")
	}
	hold := filepath.Join(m.gitDir, holdRef(first)+".lock")
	if err := os.MkdirAll(filepath.Dir(hold), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(hold, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := m.Keep(t.Context(), []string{first}); err != nil {
		t.Error(err)
	}
}

func TestOpenLeavesForeignDirectoriesAlone(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("one", "a", "1")
	for _, dir := range []string{r.dir, filepath.Join(r.dir, ".git")} {
		if _, err := Open(t.Context(), Options{Dir: dir, URL: r.dir}); err == nil || !strings.Contains(err.Error(), "no mirror made by driftless") {
			t.Errorf("%s: %v", dir, err)
		}
	}
	r.git("fsck")
	if _, err := Open(t.Context(), Options{URL: r.dir}); err == nil {
		t.Error("opened without a directory")
	}
	if _, err := Open(t.Context(), Options{Dir: t.TempDir(), URL: "ftp://x/y"}); err == nil {
		t.Error("opened an ftp URL")
	}
}

func TestManyShareAMirror(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	first := r.commit("one", "dir/a", "1")
	r.git("checkout", "--quiet", "-b", "topic")
	topic := r.commit("two", "dir/b", "2")
	dir := filepath.Join(t.TempDir(), "deep", "mirror")
	out := t.TempDir()
	var wait sync.WaitGroup
	for i := range 6 {
		wait.Go(func() {
			m, err := Open(t.Context(), Options{Dir: dir, URL: r.dir})
			if err != nil {
				t.Error(err)
				return
			}
			refs, err := m.Remote(t.Context())
			if err == nil {
				err = m.Fetch(t.Context(), refs, names(refs))
			}
			if err != nil {
				t.Error(err)
				return
			}
			for range 3 {
				exercise(t, m, first, topic, filepath.Join(out, string(rune('a'+i))))
			}
			if err := m.Maintain(t.Context(), 0); err != nil {
				t.Error(err)
			}
			exercise(t, m, first, topic, filepath.Join(out, string(rune('A'+i))))
			if err := m.Keep(t.Context(), []string{topic}); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
}

func exercise(t *testing.T, m *Mirror, base, head, name string) {
	result, err := m.Merge(t.Context(), base, head)
	if err != nil || len(result.Conflicts) > 0 {
		t.Errorf("merge: %v %v", result, err)
		return
	}
	tree, err := m.Tree(t.Context(), head)
	if err != nil {
		t.Error(err)
		return
	}
	if content, err := tree.Read("dir/b"); err != nil || string(content) != "2" {
		t.Errorf("read: %q, %v", content, err)
	}
	if _, err := m.Checkout(t.Context(), head, filepath.Join(name, "c")); err != nil {
		t.Error(err)
	}
	if err := os.RemoveAll(name); err != nil {
		t.Error(err)
	}
}

// TestFetchGivesUpOnAServerThatDrips has a server send a byte now and then for ever.
func TestFetchGivesUpOnAServerThatDrips(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, "0")
			w.(http.Flusher).Flush()
			time.Sleep(10 * time.Millisecond)
		}
	}))
	t.Cleanup(srv.Close)
	m := openMirror(t, Options{URL: srv.URL + "/r.git"})
	m.slow = 200 * time.Millisecond
	refs := Refs{Head: "main", All: map[string]string{"refs/heads/main": strings.Repeat("1", 40)}}
	var failed *RemoteError
	if err := m.Fetch(t.Context(), refs, []string{"refs/heads/main"}); !errors.As(err, &failed) || failed.Kind != KindUnreachable {
		t.Error(err)
	}
}

// TestFetchMendsWhatGitRefuses: only git(1) says that it does not take the mirror for one, and only as it fetches.
func TestFetchMendsWhatGitRefuses(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("one", "a", "1")
	r.git("branch", "--move", "master") // where the mirror's HEAD points
	m := r.mirror()
	overwrite(t, m, "config", "[core]\n\tbare = false\n")
	second, made := r.commit("two", "a", "2"), m.Made()
	fetchAll(t, m)
	if !m.Has(second) || m.Made() != made+1 || m.Doubted() {
		t.Errorf("has: %t, made %d times, doubted: %t", m.Has(second), m.Made()-made, m.Doubted())
	}
}
