// Package forge is where repositories are hosted: facts that only the host knows (which pull requests are open, and by which
// commit one was merged), and effects on it (the report). A Forge is one host's view of one repository.
package forge

import (
	"context"

	"github.com/driftlessops/driftless/workspaces/gitrepo"
)

// PullRequest is an open pull request.
type PullRequest struct {
	Key    string // a number, or the branch on a plain Git server
	Title  string
	Author string
	Head   string // commit
}

// View is what one poll saw of the repository in Git.
type View struct {
	Refs   gitrepo.Refs
	Branch string // the tracked branch
}

// Forge is one repository on its host.
type Forge interface {
	// Wants returns the full names of the refs that pull requests need, besides the tracked branch.
	Wants(view View) []string
	// PullRequests returns the pull requests that are open. The wanted refs are in the mirror by then.
	PullRequests(ctx context.Context, view View) ([]PullRequest, error)
	// Merged reports by which commit of (from, to] the pull request with this head was merged.
	Merged(ctx context.Context, head, from, to string) (commit string, ok bool, err error)
	// Publish shows the pages of a report on the pull request, in place of earlier ones. It may be repeated.
	Publish(ctx context.Context, key string, pages []string) error
}
