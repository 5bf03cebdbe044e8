package runner

import (
	"context"
	"fmt"
	"maps"
	"path"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/driftlessops/driftless/workspaces"
)

// identities returns what the operator's identities grant a workspace: for an apply, or for anything that only plans.
// Without a matching identity it is empty: nothing of the daemon's own environment reaches an engine.
func (r *Runner) identities(ctx context.Context, ws *workspaces.Workspace, apply bool) (map[string]string, error) {
	env := map[string]string{}
	for _, id := range r.opts.Config.Identities {
		if !grants(id, ws) {
			continue
		}
		refs := maps.Clone(id.Plan)
		if apply && len(id.Apply) > 0 {
			refs = id.Apply
		}
		for name, ref := range refs {
			value, err := Secret(ctx, ref)
			if err != nil {
				return nil, fmt.Errorf("identity %s: %s: %w", id.Name, name, err)
			}
			env[name] = value
		}
	}
	return env, nil
}

// grants reports whether an identity is meant for a workspace. Labels count as the tracked branch has them: a pull request
// cannot give itself credentials.
func grants(id workspaces.Identity, ws *workspaces.Workspace) bool {
	if !anyMatch(id.Repositories, ws.Repository) || !anyMatch(id.Dirs, path.Clean(ws.Dir)) {
		return false
	}
	for name, value := range id.Labels {
		if ws.TrustedLabels[name] != value {
			return false
		}
	}
	return true
}

func anyMatch(globs []string, name string) bool {
	for _, glob := range globs {
		if ok, err := doublestar.Match(glob, name); ok && err == nil {
			return true
		}
	}
	return len(globs) == 0
}
