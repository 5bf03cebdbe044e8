// Package forge is where repositories are hosted: facts that only the host knows (which pull requests are open, and by which
// commit one was merged), and effects on it (comments, statuses, issues). A Forge is one host's view of one repository; a
// Host is one with an API. What differs between hosts lives in their drivers, what is common in the runner.
package forge

import (
	"context"
	"time"

	"github.com/driftlessops/driftless/workspaces/gitrepo"
)

// PullRequest is an open pull request.
type PullRequest struct {
	Key    string // a number, or the branch on a plain Git server
	Title  string
	Author string // login; on a plain Git server the name of the commit's author
	Head   string // commit, as Git says (refs/pull/N/head): an API may be behind or ahead
	Ref    string // full name of the ref that has the head
	Base   string // branch that it asks to be merged into; "" = the tracked one
	Fork   bool   // its branch is another repository's: whoever made it need not have any rights here
	Draft  bool
	URL    string // for people
}

// View is what one poll saw of the repository.
type View struct {
	Refs   gitrepo.Refs
	Branch string        // the tracked branch
	Open   []PullRequest // what may be open: fetch their refs, then ask PullRequests
}

// Forge is one repository on its host.
type Forge interface {
	// Poll finds out which pull requests may be open, given refs and branch: the only part of a poll that may ask an API.
	// Pull requests whose ref is not among the refs yet are left out.
	Poll(ctx context.Context, view View) ([]PullRequest, error)
	// PullRequests returns the pull requests of the view that are open. Their refs are in the mirror by then.
	PullRequests(ctx context.Context, view View) ([]PullRequest, error)
	// Merged reports how the pull request with this key and head was merged: by which commit of the tracked branch, as far
	// as it is in (from, to] or the host says so. Nothing but an error means that it is not known.
	Merged(ctx context.Context, key, head, from, to string) (m Merge, ok bool, err error)
}

// Merge says how a pull request was merged.
type Merge struct {
	Commit    string    // of the tracked branch; "" when the host has merged it and Git does not show it yet
	At        time.Time // by the host's clock; zero when nobody knows. The date in a commit is whatever its author wrote there
	By        string    // login; "" when nobody knows
	Reviewers []string  // logins of those whose last review approved, sorted
}
