package runner

import (
	"context"
	"sync"

	"github.com/driftlessops/driftless/workspaces"
)

// setMemory remembers the workspaces of the trees that runs work on: the runs of a pull request read the same one, and
// reading it takes longer the more there are.
type setMemory struct {
	mu  sync.Mutex
	all map[string]*rememberedSet
}

type rememberedSet struct {
	once sync.Once
	set  *workspaces.Set
	err  error
}

// rememberedSets is how many are remembered.
const rememberedSets = 4

func (m *setMemory) of(key string) *rememberedSet {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all[key] == nil {
		if m.all == nil || len(m.all) >= rememberedSets {
			m.all = map[string]*rememberedSet{}
		}
		m.all[key] = &rememberedSet{}
	}
	return m.all[key]
}

func (m *setMemory) forget(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.all, key)
}

// workspace finds the workspace of a run, judged by a trusted tree, and its digest. The workspace is the caller's to change.
func (w *watcher) workspace(ctx context.Context, run Run, trusted string) (*workspaces.Workspace, workspaces.Digest, error) {
	key := run.Tree + " " + trusted
	one := w.runSets.of(key)
	one.once.Do(func() { one.set, one.err = w.resolve(context.WithoutCancel(ctx), run.Tree, trusted) })
	if one.err != nil {
		w.runSets.forget(key)
		return nil, workspaces.Digest{}, one.err
	}
	found := one.set.Workspace(run.Workspace)
	if found == nil || len(found.Problems) > 0 {
		return found, workspaces.Digest{}, nil
	}
	digest, err := w.digester.Digest(ctx, one.set, found)
	if err != nil {
		w.runSets.forget(key) // it remembers what it could not find out
	}
	own := *found
	return &own, digest, err
}
