package gitrepo

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestAnswersAreRemembered: what is asked of a full object id is asked of git(1) once. git(1) is replaced by one that fails meanwhile.
func TestAnswersAreRemembered(t *testing.T) {
	r := newRepo(t)
	r.write("a.tf", "1")
	first := r.commit("first")
	r.write("a.tf", "2")
	second := r.commit("second")
	m := r.mirror()
	ask := func() error {
		_, err1 := m.Tree(t.Context(), second)
		c, err2 := m.Commit(t.Context(), second)
		list, err3 := m.Commits(t.Context(), first, second, 10)
		follows, err4 := m.IsAncestor(t.Context(), first, second)
		err := errors.Join(err1, err2, err3, err4)
		if err == nil && (c.ID != second || len(list) != 1 || !follows || !m.Has(second)) {
			t.Errorf("%+v, %+v, %t, %t", c, list, follows, m.Has(second))
		}
		return err
	}
	if err := ask(); err != nil {
		t.Fatal(err)
	}
	path := os.Getenv("PATH")
	none := withoutGit(t)
	if err := ask(); err != nil {
		t.Error("git was asked again:", err)
	}
	for name, change := range map[string]func(){
		"time went by, or the mirror was tidied": func() { m.answers.forget() },
		"packs came": func() {
			if err := os.Chtimes(filepath.Join(m.gitDir, "objects", "pack"), time.Time{}, time.Now().Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		if change(); ask() == nil {
			t.Errorf("git was not asked when %s", name)
		}
		t.Setenv("PATH", path)
		if err := ask(); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", none)
	}
}

// TestWhatIsPrunedIsGone: an answer does not outlive its object.
func TestWhatIsPrunedIsGone(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("a.tf", "1")
	r.commit("first")
	m := r.mirror()
	r.git("checkout", "-q", "-b", "topic")
	r.write("a.tf", "2")
	topic := r.commit("second")
	fetchAll(t, m)
	if !m.Has(topic) {
		t.Fatal("it was not fetched")
	}
	if err := m.Keep(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := m.Maintain(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Tree(t.Context(), topic); m.Has(topic) || !errors.Is(err, ErrMissing) {
		t.Error("it is there:", err)
	}
}

// withoutGit puts a git(1) that fails on PATH, and returns its directory.
func withoutGit(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "git"), []byte("#!/bin/sh\nexit 3\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	return dir
}

// TestTreesAndParentsAskNoGit: what the tree of a commit is, and whether it follows its parent, is read in this process.
func TestTreesAndParentsAskNoGit(t *testing.T) {
	r := newRepo(t)
	first := r.commit("first", "a.tf", "1")
	second := r.commit("second", "a.tf", "2")
	m := r.mirror()
	withoutGit(t)
	if _, err := m.Tree(t.Context(), second); err != nil {
		t.Error(err)
	}
	if follows, err := m.IsAncestor(t.Context(), first, second); err != nil || !follows {
		t.Error(follows, err)
	}
	if _, err := m.IsAncestor(t.Context(), second, first); err == nil {
		t.Error("nobody said that it does not follow")
	}
}
