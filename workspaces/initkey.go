package workspaces

import "slices"

// initKey hashes what init reads from the tree.
func (g *gatherer) initKey() string {
	root := g.modules[0]
	lock, backend := "", ""
	if root.missing == nil && root.at.entry.Mode == Dir {
		if at, err := g.v.follow(root.at.path + "/" + lockFile); err == nil {
			lock = at.entry.ID
		}
	}
	if root.backend != nil {
		backend = root.backend.kind + " " + root.backend.text
	}
	parts := []string{lock, backend, g.v.moduleTree(root.dir, g.w.Engine, nil)}
	for _, name := range sortedKeys(g.w.BackendConfig) {
		parts = append(parts, name, g.w.BackendConfig[name])
	}
	for _, in := range g.inputs {
		if in.Kind == "ref" {
			parts = append(parts, in.Name, in.ID)
		}
	}
	return hashText(parts...)
}

// moduleTree hashes the providers and calls of a module and of all that it calls. Equal subtrees are hashed once, as
// their number may grow with the power of their depth. above holds the callers without links, against modules that call themselves.
func (v *view) moduleTree(dir, engine string, above []string) string {
	m := v.module(dir, engine)
	if m.missing != nil {
		return "missing"
	}
	if slices.Contains(above, m.at.path) {
		return "calls itself"
	}
	return v.keys.get(moduleKey{dir, engine}, func() string {
		parts := slices.Clone(m.external)
		for _, c := range m.calls {
			parts = append(parts, "module", c.name, c.source, c.version)
			if c.dir != "" {
				parts = append(parts, v.moduleTree(c.dir, engine, append(above, m.at.path)))
			}
		}
		return hashText(parts...)
	})
}
