package workspaces

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// callers are workspaces that each call a few modules by Git refs; each ref is called by two workspaces.
func callers(t *testing.T, workspaces, refs int) *Set {
	t.Helper()
	files := map[string]string{}
	for w := range workspaces {
		content := rootTF
		for r := range refs {
			content += callTF(fmt.Sprintf("m%d", r), fmt.Sprintf("git::https://u:s3cret@h/r.git?ref=v%d", w/2*refs+r))
		}
		files[fmt.Sprintf("w%03d/main.tf", w)] = content
	}
	return resolve(t, NewMapTree(files))
}

func TestRefsAreLookedUpTogetherAndOnce(t *testing.T) {
	t.Parallel()
	for name, size := range map[string][2]int{"of one workspace": {1, 20}, "of many workspaces": {40, 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := callers(t, size[0], size[1])
			var running, most, asked atomic.Int32
			full, fill := make(chan struct{}), sync.Once{}
			first := atomic.Bool{}
			d := NewDigester(nil, func(ctx context.Context, _, ref string) (string, error) {
				defer running.Add(-1)
				asked.Add(1)
				n := running.Add(1)
				for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
				}
				if size[0] > 1 && first.CompareAndSwap(false, true) {
					return ref, nil // that of the first workspace, before anybody asked for a second one
				}
				if n == lookupsAtOnce {
					fill.Do(func() { close(full) })
				}
				select {
				case <-full:
				case <-ctx.Done():
				}
				return ref, ctx.Err()
			})
			for _, w := range set.Workspaces {
				if _, err := d.Digest(t.Context(), set, w); err != nil {
					t.Fatal(err)
				}
			}
			if want := max(size[0]/2*size[1], size[1]); int(asked.Load()) != want && size[0] > 1 {
				t.Errorf("asked %d times for %d refs", asked.Load(), want)
			}
			if most.Load() > lookupsAtOnce {
				t.Errorf("%d at once", most.Load())
			}
		})
	}
}

func TestOneWorkspaceAsksForItsOwnRefsOnly(t *testing.T) {
	t.Parallel()
	set := callers(t, 40, 2)
	var asked atomic.Int32
	d := NewDigester(nil, func(_ context.Context, _, ref string) (string, error) { asked.Add(1); return ref, nil })
	if _, err := d.Digest(t.Context(), set, set.Workspaces[0]); err != nil || asked.Load() != 2 {
		t.Errorf("asked for %d refs: %v", asked.Load(), err)
	}
}

func TestARefThatCannotBeLookedUpIsNamed(t *testing.T) {
	t.Parallel()
	forever := make(chan struct{})
	t.Cleanup(func() { close(forever) })
	down := errors.New("server is down")
	for name, c := range map[string]struct {
		resolve func(context.Context, string, string) (string, error)
		want    error
	}{
		"down":                   {func(context.Context, string, string) (string, error) { return "", down }, down},
		"slow":                   {func(ctx context.Context, _, _ string) (string, error) { <-ctx.Done(); return "", down }, nil},
		"heedless of time":       {func(context.Context, string, string) (string, error) { <-forever; return "", nil }, errNoAnswer},
		"slow, and very many":    {func(ctx context.Context, _, _ string) (string, error) { <-ctx.Done(); return "", down }, nil},
		"stuck at a dead server": {func(ctx context.Context, _, _ string) (string, error) { <-ctx.Done(); return "", ctx.Err() }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := callers(t, 2, 3)
			d := NewDigester(nil, c.resolve)
			d.lookupTimeout, d.lookupBudget = 10*time.Millisecond, time.Minute
			if strings.Contains(name, "many") {
				set = callers(t, 400, 1)
				d.lookupTimeout, d.lookupBudget = time.Hour, 10*time.Millisecond
			}
			for _, w := range set.Workspaces {
				_, err := d.Digest(t.Context(), set, w)
				if err == nil || c.want != nil && !errors.Is(err, c.want) {
					t.Fatalf("got %v", err)
				}
				contains(t, err.Error(), w.Dir+"/main.tf:5: module \"m0\": look up v", "of https://h/r.git: ")
			}
		})
	}
}

func TestWhoGivesUpSpoilsNoLookupOfOthers(t *testing.T) {
	t.Parallel()
	set := callers(t, 1, 1)
	began, again := make(chan struct{}), atomic.Bool{}
	d := NewDigester(nil, func(ctx context.Context, _, ref string) (string, error) {
		if again.CompareAndSwap(false, true) {
			close(began)
			<-ctx.Done()
			return "", ctx.Err()
		}
		return ref, nil
	})
	impatient, leave := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		if _, err := d.Digest(impatient, set, set.Workspaces[0]); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	<-began
	group.Go(func() {
		if _, err := d.Digest(t.Context(), set, set.Workspaces[0]); err != nil {
			t.Error(err)
		}
	})
	leave()
	group.Wait()
}

func TestAModuleOnThisMachineIsNotFollowed(t *testing.T) {
	t.Parallel()
	d := NewDigester(nil, func(_ context.Context, url, _ string) (string, error) { t.Error("asked for", url); return "", nil })
	for _, source := range []string{"git::file:///srv/r?ref=main", "git::FILE:///srv/r", "git::/srv/r", "git::../r.git//sub"} {
		got := digestOf(t, d, map[string]string{"a/main.tf": callTF("m", source)})
		if !got.Floating {
			t.Errorf("%s: not floating", source)
		}
		contains(t, strings.Join(got.Warnings, "\n"), "on the machine that runs driftless, which is not followed")
	}
	for _, source := range []string{"git::h:srv/r", "git@h:r.git", "git::ssh://h/r", "github.com/o/r"} {
		if a := readAddress(source, ""); a.onThisMachine() {
			t.Errorf("%s: %+v", source, a)
		}
	}
}
