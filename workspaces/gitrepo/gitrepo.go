// Package gitrepo keeps bare mirrors of Git repositories and answers questions about them: refs, trees, merges, checkouts.
// It is the only user of go-git (ls-remote and reading trees) and of git(1) (everything else).
package gitrepo

import (
	"context"
	"log/slog"
	"time"

	"github.com/driftlessops/driftless/workspaces"
)

// Auth is how a Git server is asked, with secrets resolved.
type Auth struct {
	Username, Password string
	SSHKey             []byte // PEM
	KnownHosts         string // path; "" = the user's
}

// Options of a Mirror.
type Options struct {
	Dir    string // of the bare mirror; made when missing
	URL    string
	Auth   func(ctx context.Context) (Auth, error) // asked again at each use, so that changed secrets are seen; may be nil
	Logger *slog.Logger
}

// Refs are the refs of a remote: full name → commit, plus the branch that HEAD names.
type Refs struct {
	Head string // "main"
	All  map[string]string
}

// Branch returns the commit of a branch, or "".
func (r Refs) Branch(name string) string { return r.All["refs/heads/"+name] }

// Commit is what a commit says of itself.
type Commit struct {
	ID, Tree      string
	Parents       []string
	Author, Email string
	When          time.Time // commit date
	Subject       string
}

// MergeResult is the tree of a merge, or its conflicts.
type MergeResult struct {
	Tree      string
	Conflicts []string // paths; empty when clean
}

// Mirror is a bare mirror of one remote repository.
type Mirror struct{ opts Options }

// Open opens the mirror at opts.Dir, and makes it when it is missing. It does not contact the remote.
func Open(ctx context.Context, opts Options) (*Mirror, error) { panic("todo") }

// OpenLocal opens an existing repository (work tree or bare) at or above dir for reading; Fetch and Remote are errors.
// It also returns the top of the work tree.
func OpenLocal(ctx context.Context, dir string) (m *Mirror, top string, err error) { panic("todo") }

// Remote asks the remote for its refs: one ls-remote, no process. Errors are of type *RemoteError.
func (m *Mirror) Remote(ctx context.Context) (Refs, error) { panic("todo") }

// RemoteError is a remote that could not be asked, with the next step for the user. Its text never contains credentials.
type RemoteError struct {
	URL  string
	Kind string // "auth", "not found", "unreachable", "other"
	Err  error
}

func (e *RemoteError) Error() string { panic("todo") }
func (e *RemoteError) Unwrap() error { return e.Err }

// Fetch brings the named refs (full names) of the remote into the mirror under the same names and removes branches that
// are gone from refs. Commits that were fetched stay until they are pruned by Maintain.
func (m *Mirror) Fetch(ctx context.Context, refs Refs, want []string) error { panic("todo") }

// Has reports whether the mirror holds the commit with all of its history.
func (m *Mirror) Has(commit string) bool { panic("todo") }

// Tree returns the tree of a revision (commit or tree id).
func (m *Mirror) Tree(ctx context.Context, rev string) (workspaces.Tree, error) { panic("todo") }

// Commit returns the commit that rev names.
func (m *Mirror) Commit(ctx context.Context, rev string) (Commit, error) { panic("todo") }

// IsAncestor reports whether commit a is b or an ancestor of it.
func (m *Mirror) IsAncestor(ctx context.Context, a, b string) (bool, error) { panic("todo") }

// Commits returns the commits reachable from to and not from from ("" = all, at most limit), newest first.
func (m *Mirror) Commits(ctx context.Context, from, to string, limit int) ([]Commit, error) {
	panic("todo")
}

// MergeBase returns the best common ancestor, or "" for unrelated histories.
func (m *Mirror) MergeBase(ctx context.Context, a, b string) (string, error) { panic("todo") }

// Merge merges head into base without touching any ref (git merge-tree). Both are kept alive until Maintain.
func (m *Mirror) Merge(ctx context.Context, base, head string) (MergeResult, error) { panic("todo") }

// MergedAs reports by which commit of (from, to] the pull request head is contained in to: head itself is an ancestor of
// to (the first commit of the range that contains it), or a commit c of the range has the same tree as merging head into
// the parent of c gives (squash and rebase merges). from == "" looks at ancestry only. An empty pull request is never merged by equality.
func (m *Mirror) MergedAs(ctx context.Context, head, from, to string) (commit string, ok bool, err error) {
	panic("todo")
}

// Hold keeps an object (commit or tree) from being pruned under a name; Release lets it go.
func (m *Mirror) Hold(ctx context.Context, name, object string) error { panic("todo") }

// Release undoes Hold.
func (m *Mirror) Release(ctx context.Context, name string) error { panic("todo") }

// Checkout writes the tree (commit or tree id) into dir, which must not exist; it appears whole or not at all.
// Symbolic links that leave the tree are an error of type *EscapeError (naming them) unless nothing else fails: they are
// written as empty files and returned in skipped.
func (m *Mirror) Checkout(ctx context.Context, tree, dir string) (skipped []string, err error) {
	panic("todo")
}

// ChangedFiles returns the paths that differ between two revisions.
func (m *Mirror) ChangedFiles(ctx context.Context, a, b string) ([]string, error) { panic("todo") }

// Maintain packs the mirror and prunes what nothing holds. It excludes every other use of the mirror while it runs.
func (m *Mirror) Maintain(ctx context.Context) error { panic("todo") }

// ResolveRef returns the commit that ref ("" = HEAD) of the repository at url names, by ls-remote.
func ResolveRef(ctx context.Context, url, ref string, auth Auth) (string, error) { panic("todo") }
