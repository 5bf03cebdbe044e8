package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/driftlessops/driftless/workspaces/gitrepo"
)

// idleCheckouts is how many checkouts that nobody uses are kept for the next plan of the same tree.
const idleCheckouts = 4

// checkouts are the shared checkouts: one per tree, made once, read by every plan of it.
type checkouts struct {
	dir string

	mu  sync.Mutex
	all map[string]*checkout
}

type checkout struct {
	path  string
	users int
	used  time.Time
	once  sync.Once
	err   error
	dirs  keyed // guards what is written into a directory before its plans start
}

func newCheckouts(dir string) *checkouts {
	return &checkouts{dir: dir, all: map[string]*checkout{}}
}

// clear removes what an earlier process left.
func (c *checkouts) clear() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.all) > 0 {
		return nil
	}
	if err := os.RemoveAll(c.dir); err != nil {
		return err
	}
	return os.MkdirAll(c.dir, 0o700)
}

// use returns the shared checkout of a tree; release gives it back. Code of a pull request may write into its checkout, so
// the tracked branch never shares one with it, though the tree be the same.
func (c *checkouts) use(ctx context.Context, mirror *gitrepo.Mirror, repo, tree string, trusted bool) (*checkout, func(), error) {
	key := pathKey(repo) + "/" + tree
	if trusted {
		key = pathKey(repo) + "/tracked-" + tree
	}
	c.mu.Lock()
	co := c.all[key]
	if co == nil {
		co = &checkout{path: filepath.Join(c.dir, filepath.FromSlash(key))}
		c.all[key] = co
	}
	co.users++
	c.mu.Unlock()
	co.once.Do(func() {
		if co.err = os.MkdirAll(filepath.Dir(co.path), 0o700); co.err == nil {
			_, co.err = mirror.Checkout(context.WithoutCancel(ctx), tree, co.path)
		}
	})
	release := func() { c.release(key, co) }
	if co.err != nil {
		release()
		return nil, nil, fmt.Errorf("check out %.8s: %w", tree, co.err)
	}
	return co, release, nil
}

// release gives a checkout back. A broken one is forgotten at once, idle ones when there are too many.
func (c *checkouts) release(key string, co *checkout) {
	c.mu.Lock()
	defer c.mu.Unlock()
	co.users--
	co.used = time.Now()
	if co.err != nil && co.users == 0 && c.all[key] == co {
		delete(c.all, key)
	}
	for {
		oldest, idle := "", 0
		for k, other := range c.all {
			if other.users > 0 {
				continue
			}
			idle++
			if oldest == "" || other.used.Before(c.all[oldest].used) {
				oldest = k
			}
		}
		if idle <= idleCheckouts {
			return
		}
		_ = os.RemoveAll(c.all[oldest].path)
		delete(c.all, oldest)
	}
}

// private makes a writable checkout at path, in place of what is there.
func private(ctx context.Context, mirror *gitrepo.Mirror, tree, path string) (*checkout, error) {
	if err := errors.Join(os.RemoveAll(path), os.MkdirAll(filepath.Dir(path), 0o700)); err != nil {
		return nil, err
	}
	if _, err := mirror.Checkout(ctx, tree, path); err != nil {
		return nil, fmt.Errorf("check out %.8s: %w", tree, err)
	}
	return &checkout{path: path}, nil
}

// keyed is a mutex per key.
type keyed struct {
	mu  sync.Mutex
	all map[string]*sync.Mutex
}

// lock locks the mutex of a key.
func (k *keyed) lock(key string) (unlock func()) {
	m := k.of(key)
	m.Lock()
	return m.Unlock
}

// tryLock locks the mutex of a key unless it is locked.
func (k *keyed) tryLock(key string) (unlock func(), ok bool) {
	m := k.of(key)
	return m.Unlock, m.TryLock()
}

// turns let one work on what has a key and one more wait for it: what that one will see is all that others would.
type turns struct {
	keyed
	queue   sync.Mutex
	waiting map[string]bool
}

// take waits for a turn. It is not taken when somebody else waits already.
func (t *turns) take(key string) (done func(), taken bool) {
	t.queue.Lock()
	if t.waiting == nil {
		t.waiting = map[string]bool{}
	}
	if t.waiting[key] {
		t.queue.Unlock()
		return nil, false
	}
	t.waiting[key] = true
	t.queue.Unlock()
	done = t.lock(key)
	t.queue.Lock()
	defer t.queue.Unlock()
	delete(t.waiting, key)
	return done, true
}

func (k *keyed) of(key string) *sync.Mutex {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.all == nil {
		k.all = map[string]*sync.Mutex{}
	}
	if k.all[key] == nil {
		k.all[key] = &sync.Mutex{}
	}
	return k.all[key]
}
