// Package plaingit is the forge of a plain Git server: a pull request is a branch that matches a pattern and is ahead of the
// tracked branch. There is nowhere to comment, so reports stay in the store.
package plaingit

import (
	"context"
	"sort"
	"strings"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/workspaces/gitrepo"
)

// Options of a Forge.
type Options struct {
	Mirror  *gitrepo.Mirror
	Pattern string // of pull request branches; "*" matches anything, slashes too
}

// Forge implements forge.Forge.
type Forge struct{ opts Options }

// New returns the forge of one repository.
func New(opts Options) *Forge { return &Forge{opts: opts} }

const heads = "refs/heads/"

// Poll implements forge.Forge: every branch that matches may be a pull request.
func (f *Forge) Poll(_ context.Context, view forge.View) ([]forge.PullRequest, error) {
	var open []forge.PullRequest
	for name, head := range view.Refs.All {
		branch, ok := strings.CutPrefix(name, heads)
		if ok && branch != view.Branch && Match(f.opts.Pattern, branch) {
			open = append(open, forge.PullRequest{Key: branch, Head: head, Ref: name})
		}
	}
	sort.Slice(open, func(i, k int) bool { return open[i].Key < open[k].Key })
	return open, nil
}

// PullRequests implements forge.Forge.
func (f *Forge) PullRequests(ctx context.Context, view forge.View) ([]forge.PullRequest, error) {
	var open []forge.PullRequest
	for _, pr := range view.Open {
		merged, err := f.opts.Mirror.IsAncestor(ctx, pr.Head, view.Refs.Branch(view.Branch))
		if err != nil {
			return nil, err
		}
		if merged {
			continue
		}
		commit, err := f.opts.Mirror.Commit(ctx, pr.Head)
		if err != nil {
			return nil, err
		}
		pr.Title, pr.Author = commit.Subject, commit.Author
		open = append(open, pr)
	}
	return open, nil
}

// Merged implements forge.Forge by content: Git is the only witness there is.
func (f *Forge) Merged(ctx context.Context, _, head, from, to string) (forge.Merge, bool, error) {
	commit, ok, err := f.opts.Mirror.MergedAs(ctx, head, from, to)
	return forge.Merge{Commit: commit}, ok, err
}

// Match reports whether name matches pattern, in which "*" stands for any text (as in Git's refspecs).
func Match(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	if !strings.HasPrefix(name, parts[0]) {
		return false
	}
	name = name[len(parts[0]):]
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		i := strings.Index(name, part)
		if i < 0 {
			return false
		}
		name = name[i+len(part):]
	}
	return strings.HasSuffix(name, parts[last])
}
