package workspaces

import (
	"context"
	"sync"
)

// refMemo remembers for one look at a repository which commit a Git ref means.
type refMemo struct {
	mu      sync.Mutex
	commits map[[2]string]resolvedRef
}

type resolvedRef struct {
	commit string
	err    error
}

func (r *refMemo) resolve(ctx context.Context, a address, resolve func(ctx context.Context, url, ref string) (string, error)) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := [2]string{a.url, a.ref}
	if got, ok := r.commits[key]; ok {
		return got.commit, got.err
	}
	commit, err := resolve(ctx, a.url, a.ref)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if r.commits == nil {
		r.commits = map[[2]string]resolvedRef{}
	}
	r.commits[key] = resolvedRef{commit, err}
	return commit, err
}

// remotes adds the modules that come from elsewhere: pinned ones are said by the call itself, floating Git refs by their commit.
func (g *gatherer) remotes(ctx context.Context, resolve func(ctx context.Context, url, ref string) (string, error), refs *refMemo) error {
	for _, m := range g.modules {
		for _, c := range m.calls {
			a := readAddress(c.source, c.version)
			switch {
			case !c.literal:
				g.float("%s: module %q has a computed source, which cannot be followed", c.place(), c.name)
			case a.pin:
			case a.kind == "git" && resolve != nil:
				commit, err := refs.resolve(ctx, a, resolve)
				if err != nil {
					return unresolved(c, err)
				}
				g.floating = true
				g.add(Input{Kind: "ref", Name: c.source, ID: commit})
			default:
				g.floatingCall(c, a)
			}
		}
	}
	return nil
}

func (g *gatherer) floatingCall(c call, a address) {
	switch a.kind {
	case "git":
		g.float("%s: module %q follows a Git ref that was not resolved", c.place(), c.name)
	case "registry":
		g.float("%s: module %q allows a range of versions; a change in the registry is not seen. Write version = \"x.y.z\"", c.place(), c.name)
	default:
		g.float("%s: module %q comes from %s, which cannot be followed", c.place(), c.name, c.source)
	}
}
