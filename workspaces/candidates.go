package workspaces

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
)

// addBlocks makes a workspace of every workspace block in the planned file and in the operator's.
func (r *resolver) addBlocks() {
	own := r.src.Repository.Settings.Workspaces
	done := map[target]bool{}
	for _, b := range append(append([]Block{}, r.planned.Workspaces...), own...) {
		t := b.target()
		if done[t] {
			continue
		}
		done[t] = true
		if glob, ok := r.barred(t, r.own[t] != nil); ok {
			r.set.Diagnostics = append(r.set.Diagnostics, warningAt(b.Range, "Workspace is excluded",
				"discovery at the tracked branch or in the operator's file excludes %q, which a workspace block that is not there cannot undo.", glob))
			continue
		}
		r.add(t, fmt.Sprintf("workspace block at %s:%d", b.Range.Filename, b.Range.Start.Line), b.Range)
	}
}

// barred reports whether exclude forbids a workspace block: that of the operator all blocks but their own, that of the
// tracked branch all blocks that only a pull request has.
func (r *resolver) barred(t target, operators bool) (glob string, ok bool) {
	if operators {
		return "", false
	}
	exclude, byOperator := r.exclude()
	if !byOperator && r.trusted.blocks[t] != nil {
		return "", false
	}
	return matchAny(exclude, t.dir)
}

// exclude returns the globs in force: of the repository block, else of the tracked branch, else of the operator's top level.
func (r *resolver) exclude() (globs []string, byOperator bool) {
	if d := r.src.Repository.Settings.Discovery; d != nil && d.Exclude != nil {
		return d.Exclude, true
	}
	if d := r.trusted.Discovery; d != nil && d.Exclude != nil {
		return d.Exclude, false
	}
	if d := r.src.Operator.Discovery; d != nil {
		return d.Exclude, true
	}
	return nil, false
}

func (r *resolver) include() []string {
	for _, d := range []*Discovery{r.src.Repository.Settings.Discovery, r.planned.Discovery, r.src.Operator.Discovery} {
		if d != nil && d.Include != nil {
			return d.Include
		}
	}
	return nil
}

func (r *resolver) discoveryEnabled() bool {
	for _, d := range []*Discovery{r.src.Repository.Settings.Discovery, r.trusted.Discovery, r.src.Operator.Discovery} {
		if d != nil && d.Enabled != nil {
			return *d.Enabled
		}
	}
	return true
}

// addDiscovered makes a workspace of every root module that no block is about.
func (r *resolver) addDiscovered() {
	blocked := map[string]bool{}
	for _, w := range r.set.Workspaces {
		blocked[w.Dir] = true
	}
	enabled, include := r.discoveryEnabled(), r.include()
	exclude, _ := r.exclude()
	for _, dir := range r.survey.dirs {
		if blocked[dir] {
			continue
		}
		excluded, isExcluded := matchAny(exclude, dir)
		_, isIncluded := matchAny(include, dir)
		switch {
		case isExcluded:
			r.survey.roots[dir], r.survey.reasons[dir] = false, fmt.Sprintf("excluded by discovery.exclude (%q)", excluded)
		case !enabled:
			r.survey.roots[dir], r.survey.reasons[dir] = false, "discovery is off, and no workspace block names it"
		case include != nil && !isIncluded:
			r.survey.roots[dir], r.survey.reasons[dir] = false, "not among discovery.include"
		case r.survey.roots[dir]:
			r.add(target{dir: dir}, r.survey.reasons[dir], hcl.Range{})
		}
	}
}

// directories explains every directory with engine files.
func (r *resolver) directories() []Directory {
	blocks := map[string]string{}
	for _, w := range r.set.Workspaces {
		blocks[w.Dir] = w.Reason
	}
	var all []Directory
	for _, dir := range r.survey.dirs {
		d := Directory{Path: dir, Reason: r.survey.reasons[dir], CalledBy: r.survey.calledBy[dir]}
		if reason, ok := blocks[dir]; ok {
			d.Root, d.Reason = true, reason
		}
		all = append(all, d)
	}
	return all
}
