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

// Wants implements forge.Forge.
func (f *Forge) Wants(view forge.View) []string {
	var want []string
	for name := range view.Refs.All {
		branch, ok := strings.CutPrefix(name, heads)
		if ok && branch != view.Branch && Match(f.opts.Pattern, branch) {
			want = append(want, name)
		}
	}
	sort.Strings(want)
	return want
}

// PullRequests implements forge.Forge.
func (f *Forge) PullRequests(ctx context.Context, view forge.View) ([]forge.PullRequest, error) {
	var open []forge.PullRequest
	for _, ref := range f.Wants(view) {
		head := view.Refs.All[ref]
		merged, err := f.opts.Mirror.IsAncestor(ctx, head, view.Refs.Branch(view.Branch))
		if err != nil {
			return nil, err
		}
		if merged {
			continue
		}
		commit, err := f.opts.Mirror.Commit(ctx, head)
		if err != nil {
			return nil, err
		}
		open = append(open, forge.PullRequest{
			Key: strings.TrimPrefix(ref, heads), Title: commit.Subject, Author: commit.Author, Head: head,
		})
	}
	return open, nil
}

// Merged implements forge.Forge by content: Git is the only witness there is.
func (f *Forge) Merged(ctx context.Context, head, from, to string) (string, bool, error) {
	return f.opts.Mirror.MergedAs(ctx, head, from, to)
}

// Publish implements forge.Forge; there is nowhere to publish.
func (f *Forge) Publish(context.Context, string, []string) error { return nil }

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
