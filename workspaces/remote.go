package workspaces

import (
	"cmp"
	"context"
	"fmt"
)

// remotes adds the modules that come from elsewhere: pinned ones are said by the call itself, floating Git refs by their commit.
func (g *gatherer) remotes(ctx context.Context, d *Digester, set *Set, refs *refMemo) error {
	if d.ResolveRef != nil {
		d.begin(ctx, set, refs, g.modules)
	}
	for _, m := range g.modules {
		for _, c := range m.calls {
			a := readAddress(c.source, c.version)
			switch {
			case !c.literal:
				g.float("%s: module %q has a computed source, which cannot be followed", c.place(), c.name)
			case a.pin:
			case a.isFloatingRef() && d.ResolveRef != nil:
				commit, err := refs.commit(ctx, d.refs(), gitRef{a.url, a.ref})
				if err != nil {
					return fmt.Errorf("%s: module %q: %w", c.place(), c.name, err)
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

func (d *Digester) refs() refResolver {
	return refResolver{d.ResolveRef, cmp.Or(d.lookupTimeout, lookupTimeout), cmp.Or(d.lookupBudget, lookupBudget)}
}

// begin starts to look up the refs of a workspace, all at once. Who asks for a second workspace wants to know them all.
func (d *Digester) begin(ctx context.Context, set *Set, memo *refMemo, modules []*module) {
	refs := floatingRefs(modules)
	if len(refs) == 0 {
		return
	}
	if memo.unasked(refs) {
		for _, w := range set.Workspaces {
			refs = append(refs, floatingRefs(set.files().reach(w.Dir, w.Engine))...)
		}
	}
	memo.begin(ctx, d.refs(), refs)
}

func floatingRefs(modules []*module) []gitRef {
	var refs []gitRef
	for _, m := range modules {
		for _, c := range m.calls {
			if a := readAddress(c.source, c.version); c.literal && a.isFloatingRef() {
				refs = append(refs, gitRef{a.url, a.ref})
			}
		}
	}
	return refs
}

// isFloatingRef reports whether a ref can be looked up. A repository on this machine is nobody's business but the operator's.
func (a address) isFloatingRef() bool { return a.kind == "git" && !a.pin && !a.onThisMachine() }

func (g *gatherer) floatingCall(c call, a address) {
	switch {
	case a.kind == "git" && a.onThisMachine():
		g.float("%s: module %q names a repository on the machine that runs driftless, which is not followed. Use https:// or ssh://", c.place(), c.name)
	case a.kind == "git":
		g.float("%s: module %q follows a Git ref that was not resolved", c.place(), c.name)
	case a.kind == "registry":
		g.float("%s: module %q allows a range of versions; a change in the registry is not seen. Write version = \"x.y.z\"", c.place(), c.name)
	default:
		g.float("%s: module %q comes from %s, which cannot be followed", c.place(), c.name, c.source)
	}
}
