package runner

import (
	"fmt"

	"github.com/driftlessops/driftless/workspaces"
)

// otherBase is why a pull request is left alone that does not ask to be merged into the tracked branch, or "".
func (w *watcher) otherBase(p *Pull) string {
	if p.Target == "" || p.Target == w.view.Branch {
		return ""
	}
	return fmt.Sprintf("It asks to be merged into %s, and driftless plans only what goes into %s.", p.Target, w.view.Branch)
}

// strange reports whether a pull request's code was written by nobody knows whom, and read by nobody who may let it be planned.
func (w *watcher) strange(p *Pull) bool {
	return p.Fork && (w.conf.Forks != workspaces.ForksOnCommand || p.Trusted != p.Head)
}

// digesterOf digests what a pull request touches. Where strange code leads is not looked up: it would choose whom driftless talks to.
func (w *watcher) digesterOf(p *Pull) *workspaces.Digester {
	if w.strange(p) {
		return workspaces.NewDigester(w.r.engineVersion, nil)
	}
	return w.digester
}

// untrusted is why a pull request's code is not planned yet, or "". Planning runs its code.
func (w *watcher) untrusted(p *Pull) string {
	switch {
	case p.Fork && w.conf.Forks != workspaces.ForksOnCommand:
		return "It comes from a fork, and planning would run its code with this repository's plan identity. Push the branch to this repository, or let the operator set forks = \"on_command\"."
	case w.strange(p):
		return fmt.Sprintf("It comes from a fork, and planning runs its code. Read it; then somebody who may plan comments `driftless plan %s`, which is good for this commit only.", p.Head)
	case p.Draft && !w.conf.Drafts:
		return "It is a draft. It is planned once it is ready for review."
	}
	return ""
}
