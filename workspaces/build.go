package workspaces

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hcl/v2"
)

// add resolves one workspace. block is the place of its block, if it has one.
func (r *resolver) add(t target, reason string, block hcl.Range) {
	is := r.effective(t, r.planned)
	may := is
	if !r.agree() {
		may = r.effective(t, r.trusted)
	}
	r.defaultEngine(t, &is, r.v)
	r.defaultEngine(t, &may, r.trustedView(t))
	w := &Workspace{
		ID: t.id(r.src.Repository.Name), Repository: r.src.Repository.Name, Dir: t.dir, Name: t.name, Reason: reason,
		VarFiles: is.VarFiles, Variables: is.Variables, Labels: is.Labels, Owner: is.Owner, Watch: is.Watch,
		BackendConfig: is.BackendConfig, TerraformWorkspace: is.TerraformWorkspace, RenamedFrom: is.RenamedFrom,
		Engine: may.Engine, Version: may.Version, Apply: may.Apply, TrustedLabels: may.Labels,
		Permissions: *may.Permissions, Require: may.Require, Volatile: may.Volatile, Freshness: *may.Freshness, DriftSchedule: may.Drift.over(nil).Schedule,
		Timeouts: may.Timeouts.resolved(),
	}
	if may.Parallelism != nil {
		w.Parallelism = *may.Parallelism
	}
	if drift := may.Drift.over(nil); drift.Reconcile != nil {
		w.Reconcile = *drift.Reconcile
	}
	if w.Owner == "" {
		w.Owner = r.ownersOf(w)
	}
	r.set.Workspaces = append(r.set.Workspaces, w)
	r.blocks[w], r.words[w] = block, is.DependsOn
	if !r.agree() || is.Engine != may.Engine {
		r.notice(t, is, may)
	}
	r.inspect(w)
}

// trustedView is the tree that decides on the default engine: the tracked branch, unless it does not have the directory.
func (r *resolver) trustedView(t target) *view {
	if at, err := r.tv.follow(t.dir); err == nil && at.entry.Mode == Dir && r.tv.holdsEngineFiles(at.path) {
		return r.tv
	}
	return r.v
}

func (r *resolver) defaultEngine(t target, b *Block, v *view) {
	if b.Engine == "" {
		b.Engine = v.defaultEngine(t.dir)
	}
}

func (w *Workspace) problem(format string, args ...any) {
	if p := fmt.Sprintf(format, args...); !slices.Contains(w.Problems, p) {
		w.Problems = append(w.Problems, p)
	}
}

// inspect reads what the workspace's files say, and finds what keeps it from running.
func (r *resolver) inspect(w *Workspace) {
	modules := r.v.reach(w.Dir, w.Engine)
	root := modules[0]
	if !r.inspectRoot(w, root) {
		return
	}
	for _, m := range modules {
		w.Problems = append(w.Problems, m.problems...)
		r.inspectCalls(w, m)
		if m.missing == nil && m.at.entry.Mode == Dir {
			for _, p := range r.v.cover(m.at.path, m == root).problems {
				w.problem("%s", p)
			}
		}
		r.inspectVersions(w, m)
	}
	if c, file, err := r.v.versionFile(w.Dir, w.Engine); err != nil {
		w.problem("%s", unreadable(file, err))
	} else if c != "" && !slices.Contains(w.VersionConstraints, c) {
		w.VersionConstraints = append(w.VersionConstraints, c)
	}
	r.inspectVarFiles(w)
	r.inspectValues(w, root)
	r.inspectBackend(w, root)
}

func (r *resolver) inspectRoot(w *Workspace, root *module) bool {
	why := ""
	var leaves *leavesError
	switch {
	case errors.As(root.missing, &leaves):
		why = leaves.Error()
	case errors.Is(root.missing, fs.ErrNotExist) || root.missing == nil && root.at.entry.Mode != Dir && root.at.entry.Mode != Submodule:
		why = fmt.Sprintf("there is no directory %s in the repository", w.Dir)
	case root.missing != nil:
		why = unreadable(w.Dir, root.missing)
	case root.at.entry.Mode == Submodule:
		why = fmt.Sprintf("%s is a Git submodule; watch it as a repository of its own", w.Dir)
	case len(root.files) == 0:
		why = fmt.Sprintf("directory %s holds no files that %s reads (*.tf, *.tofu)", w.Dir, w.Engine)
	default:
		return true
	}
	if at := r.blocks[w]; at.Filename != "" {
		r.set.Diagnostics = append(r.set.Diagnostics, errorAt(at, "Workspace cannot run", "%s.", why))
		why = fmt.Sprintf("%s:%d: %s", at.Filename, at.Start.Line, why)
	}
	w.problem("%s", why)
	return false
}

func (r *resolver) inspectCalls(w *Workspace, m *module) {
	for _, c := range m.calls {
		if c.dir == "" {
			continue
		}
		at, err := r.v.follow(c.dir)
		switch {
		case escapes(c.dir):
			w.problem("%s: module %q: %s leaves the repository", c.place(), c.name, c.source)
		case isMissing(err) || err == nil && at.entry.Mode != Dir && at.entry.Mode != Submodule:
			w.problem("%s: module %q: there is no directory %s", c.place(), c.name, c.dir)
		case err != nil:
			w.problem("%s: module %q: %s", c.place(), c.name, err)
		}
	}
}

func (r *resolver) inspectVersions(w *Workspace, m *module) {
	for i, c := range m.required {
		if _, err := version.NewConstraint(c); err != nil {
			w.problem("%s: required_version %q is not a version constraint", m.places[i], c)
		} else if !slices.Contains(w.VersionConstraints, c) {
			w.VersionConstraints = append(w.VersionConstraints, c)
		}
	}
}

func (r *resolver) inspectVarFiles(w *Workspace) {
	for _, name := range w.VarFiles {
		at, err := r.v.follow(w.varFile(name))
		switch {
		case isMissing(err):
			w.problem("variable file %s does not exist (it is looked for in %s; begin it with / for the repository's root)", name, w.Dir)
		case err != nil:
			w.problem("variable file %s: %s", name, err)
		case at.entry.Mode == Dir || at.entry.Mode == Submodule:
			w.problem("variable file %s is a directory", name)
		}
	}
}
