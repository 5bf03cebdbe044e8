package workspaces

// findRenames reports renamed_from that would give two workspaces one state: of a workspace that is still there, or of one
// that several claim to be.
func (r *resolver) findRenames() {
	claims := map[string][]*Workspace{}
	for _, w := range r.set.Workspaces {
		if w.RenamedFrom != "" {
			claims[w.RenamedFrom] = append(claims[w.RenamedFrom], w)
		}
	}
	for _, name := range sortedKeys(claims) {
		for _, w := range claims[name] {
			old := r.set.Workspace(ID(w.Repository + "//" + name))
			switch {
			case old == w:
				r.renameProblem(w, "renamed_from = %q is its own identity: remove the line", name)
			case old != nil:
				r.renameProblem(w, "renamed_from = %q names a workspace that is still there (%s): both would use one state. Remove %s in the same commit, or remove the line", name, old.Reason, name)
			case len(claims[name]) > 1:
				r.renameProblem(w, "renamed_from = %q stands in %d workspaces, of which only one can take over the state: keep it in one", name, len(claims[name]))
			}
		}
	}
}

func (r *resolver) renameProblem(w *Workspace, format string, args ...any) {
	w.problem("%s: "+format, append([]any{r.blockPlace(w)}, args...)...)
	if at := r.blocks[w]; at.Filename != "" {
		r.set.Diagnostics = append(r.set.Diagnostics, errorAt(at, "Wrong renamed_from", format+".", args...))
	}
}
