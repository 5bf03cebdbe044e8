package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/driftlessops/driftless/workspaces"
)

// touch is what a pull request touches when it is merged with the tracked branch. It follows from Git's objects and from what
// digests take from outside, so a look at a pull request in which nothing moved costs no merge and no digest. It keeps what a
// look needs of the workspaces that are touched, and nothing of all the others.
type touch struct {
	of      touchKey
	answers *workspaces.Answers // nil = it is not to be remembered

	tree      string
	conflicts []string
	failed    string                          // why it cannot be merged, or read: for people
	broken    bool                            // its configuration is
	notices   []string                        // of its configuration
	effects   []workspaces.Effect             // on what it changes and removes; nil where that is not known
	twins     map[workspaces.ID]workspaces.ID // added workspaces that look like a removed one
	manual    []workspaces.ID                 // that its own configuration lets nobody apply without an approval
}

type touchKey struct {
	head, trust, pull string
	strange           bool
}

// touches finds out what a pull request touches, or remembers it.
func (w *watcher) touches(ctx context.Context, o *observation, p *Pull) (*touch, error) {
	d := w.digesterOf(p)
	key := touchKey{o.head, o.trust, p.Head, w.strange(p)}
	if known := w.touched[p.Key]; known != nil && known.of == key && w.there(ctx, known.tree) && d.Still(ctx, o.set, known.answers) {
		return known, nil
	}
	delete(w.touched, p.Key)
	t := &touch{of: key}
	if err := w.find(ctx, o, p, d, t); err != nil {
		return nil, err
	}
	if t.answers != nil && w.touched != nil {
		w.touched[p.Key] = t
	}
	return t, nil
}

// there reports whether a merged tree is in the mirror still, or was never made.
func (w *watcher) there(ctx context.Context, tree string) bool {
	if tree == "" {
		return true
	}
	_, err := w.mirror.Tree(ctx, tree)
	return err == nil
}

// find merges a pull request and compares. What is wrong with the pull request is no error.
func (w *watcher) find(ctx context.Context, o *observation, p *Pull, d *workspaces.Digester, t *touch) error {
	merged, err := w.mirror.Merge(ctx, o.head, p.Head)
	if err != nil {
		t.failed = fmt.Sprintf("it cannot be merged with %s: %s", o.repo.Branch, err)
		return ctx.Err()
	}
	if t.conflicts = merged.Conflicts; len(t.conflicts) > 0 {
		t.answers = &workspaces.Answers{}
		return nil
	}
	t.tree = merged.Tree
	head, err := w.resolve(ctx, t.tree, o.trust)
	var effects []workspaces.Effect
	if err == nil {
		effects, err = d.Affected(ctx, o.set, head)
	}
	if err != nil {
		t.failed = configText(head, err)
		if diags := hcl.Diagnostics(nil); errors.As(err, &diags) {
			t.broken, t.answers = true, &workspaces.Answers{}
		}
		return ctx.Err()
	}
	t.answers = d.Answers(head)
	t.twins = twins(o.set, head, effects)
	t.effects = slices.DeleteFunc(effects, func(e workspaces.Effect) bool { return !e.Affected && !e.Removed })
	for i := range t.effects {
		t.effects[i].Base, t.effects[i].Head.Inputs = workspaces.Digest{}, nil
	}
	t.notices = slices.Concat(head.Notices, warnings(t.effects))
	t.manual = w.manual(head, t.effects)
	return nil
}

// manual lists the workspaces that wait for an approval after the merge, when the pull request's own driftless.hcl says what they
// may do.
func (w *watcher) manual(head *workspaces.Set, effects []workspaces.Effect) (ids []workspaces.ID) {
	after := head
	if len(head.Notices) > 0 { // it edits what takes effect only after the merge
		set, err := workspaces.Resolve(workspaces.Source{Repository: w.conf, Operator: w.r.opts.Config.Settings, Tree: head.Tree})
		if err == nil {
			after = set
		}
	}
	for _, e := range effects {
		if ws := after.Workspace(e.Workspace.ID); !e.Removed && ws != nil && ws.Apply == workspaces.Manual {
			ids = append(ids, ws.ID)
		}
	}
	return ids
}

// warnings are what could not be followed in the inputs of affected workspaces.
func warnings(effects []workspaces.Effect) (notices []string) {
	const most = 20
	for _, e := range effects {
		for _, text := range e.Head.Warnings {
			if !e.Removed && len(notices) < most {
				notices = append(notices, fmt.Sprintf("%s: %s", e.Workspace.ID, text))
			}
		}
	}
	return notices
}
