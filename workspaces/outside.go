package workspaces

import (
	"context"
	"sync"
)

// outside is what digests take from outside of a tree: engines and what refs point at. Within one Set each is asked for once.
type outside struct {
	refs refMemo

	mu      sync.Mutex
	engines map[string]engineAnswer // by what was asked
	failed  bool                    // an engine had no answer
}

type engineAnswer struct {
	of      Workspace // only what an engine is found by
	version string
}

// engine asks which engine a workspace has.
func (o *outside) engine(ask func(*Workspace) (string, error), w *Workspace) (string, error) {
	key := hashText(append([]string{w.Engine, w.Version}, w.VersionConstraints...)...)
	o.mu.Lock()
	known, ok := o.engines[key]
	o.mu.Unlock()
	if ok {
		return known.version, nil
	}
	of := Workspace{Engine: w.Engine, Version: w.Version, VersionConstraints: w.VersionConstraints}
	version, err := ask(&of)
	o.mu.Lock()
	defer o.mu.Unlock()
	if err != nil {
		o.failed = true
		return "", err
	}
	if o.engines == nil {
		o.engines = map[string]engineAnswer{}
	}
	o.engines[key] = engineAnswer{of, version}
	return version, nil
}

// Answers are what digests took from outside of their trees, as it was then: while it is so, and the trees are the same, so are
// the digests.
type Answers struct {
	engines []engineAnswer
	refs    map[gitRef]string
}

// Answers returns what the digests of a set took from outside; nil when something had no answer.
func (d *Digester) Answers(set *Set) *Answers {
	a := &Answers{refs: map[gitRef]string{}}
	set.outside.mu.Lock()
	defer set.outside.mu.Unlock()
	if set.outside.failed {
		return nil
	}
	for _, answer := range set.outside.engines {
		a.engines = append(a.engines, answer)
	}
	set.outside.refs.mu.Lock()
	defer set.outside.refs.mu.Unlock()
	for ref, l := range set.outside.refs.lookups {
		select {
		case <-l.done:
		default:
			return nil
		}
		if l.err != nil || l.given {
			return nil
		}
		a.refs[ref] = l.commit
	}
	return a
}

// Still reports whether all answers are what they were. It asks as the digests of set do, each question once for all of them.
func (d *Digester) Still(ctx context.Context, set *Set, a *Answers) bool {
	for _, answer := range a.engines {
		if version, err := d.engine(set, &answer.of); err != nil || version != answer.version {
			return false
		}
	}
	if len(a.refs) > 0 && d.ResolveRef == nil {
		return false
	}
	for ref, was := range a.refs {
		if commit, err := set.outside.refs.commit(ctx, d.refs(), ref); err != nil || commit != was {
			return false
		}
	}
	return true
}

func (d *Digester) engine(set *Set, w *Workspace) (string, error) {
	if d.EngineVersion == nil {
		return "any version", nil
	}
	return set.outside.engine(d.EngineVersion, w)
}
