package workspaces

import (
	"cmp"
	"fmt"
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// ownOverride is the name, without suffix, of the file by which driftless sets a backend for the state that it keeps itself.
const ownOverride = "driftless_override"

func (r *resolver) inspectBackend(w *Workspace, root *module) {
	entries, _ := r.v.list(root.at.path)
	for _, e := range entries {
		if base, suffix := splitEngineName(e.Name); base == ownOverride && suffix != "" {
			w.problem("%s: this name is driftless's own: it writes such a file where it keeps the state. Rename the file", path.Join(w.Dir, e.Name))
		}
	}
	if root.backend == nil {
		if at := r.blocks[w]; len(w.BackendConfig) > 0 && at.Filename != "" {
			r.set.Diagnostics = append(r.set.Diagnostics, warningAt(at, "backend_config has no effect",
				"%s has no backend block, so that driftless keeps its state. Add an empty block, such as backend \"s3\" {}, to use another backend.", w.Dir))
		}
		return
	}
	w.Backend = Backend{Type: root.backend.kind, Config: union(root.backend.config, w.BackendConfig), Place: root.backend.place()}
	if root.backend.override && w.Backend.Managed() {
		w.problem("%s: %s in an override file would win over the one by which driftless keeps the state, and the state would be lost with the run. Remove the block, or move it into a file that is no override, such as backend.tf",
			w.Backend.Place, root.backend.describe())
	}
	if w.Backend.Type == "cloud" || w.Backend.Type == "remote" {
		w.problem("%s: %s is unsupported: runs and state live at the remote, where a plan of driftless would be a run of its own and could not be held back or applied as reviewed. Use a backend that only keeps state (s3, gcs, azurerm, http, …), or none: then driftless keeps it",
			w.Backend.Place, root.backend.describe())
	}
}

// Managed reports whether driftless itself keeps the state: there is no backend, or a local one with a relative path.
func (b Backend) Managed() bool {
	return b.Type == "" || b.Type == "local" && !strings.HasPrefix(b.Config["path"], "/")
}

// stateKeys are the arguments of a backend that tell one state from another; without the first ones it is not known
// which state is meant (they come from the environment).
var stateKeys = map[string]struct {
	needed int
	names  []string
}{
	"s3":         {2, []string{"bucket", "key", "workspace_key_prefix", "endpoint", "endpoints"}},
	"gcs":        {1, []string{"bucket", "prefix"}},
	"azurerm":    {2, []string{"container_name", "key", "storage_account_name"}},
	"http":       {1, []string{"address"}},
	"consul":     {1, []string{"path", "address", "datacenter"}},
	"kubernetes": {1, []string{"secret_suffix", "namespace", "host", "config_context"}},
	"pg":         {1, []string{"conn_str", "schema_name"}},
	"local":      {1, []string{"path"}},
	"oss":        {1, []string{"bucket", "prefix", "key"}},
	"cos":        {1, []string{"bucket", "prefix", "key"}},
	"oci":        {2, []string{"bucket", "key", "namespace"}},
}

// state names the state that a workspace uses, or is "" when that cannot be told or is nobody else's.
func (w *Workspace) state(literal bool) string {
	b := w.Backend
	if b.Managed() || !literal || b.Type == "cloud" || b.Type == "remote" {
		return ""
	}
	known, ok := stateKeys[b.Type]
	if !ok {
		known.names, known.needed = sortedKeys(b.Config), 0
		if len(b.Config) == 0 {
			return ""
		}
	}
	parts := []string{b.Type, "workspace=" + cmp.Or(w.TerraformWorkspace, "default")}
	for i, name := range known.names {
		value := b.Config[name]
		if value == "" && i < known.needed {
			return ""
		}
		parts = append(parts, fmt.Sprintf("%s=%q", name, value))
	}
	return strings.Join(parts, " ")
}

// findConflicts reports workspaces with one identity, and workspaces with one state.
func (r *resolver) findConflicts() {
	identities, states := map[string][]*Workspace{}, map[string][]*Workspace{}
	for _, w := range r.set.Workspaces {
		identities[string(w.ID)] = append(identities[string(w.ID)], w)
		if root := r.v.module(w.Dir, w.Engine); root.backend != nil {
			if s := w.state(root.backend.literal); s != "" {
				states[s] = append(states[s], w)
			}
		}
	}
	for _, id := range sortedKeys(identities) {
		r.conflict(identities[id], "Two workspaces with one identity", func(w *Workspace) string { return r.blockPlace(w) })
	}
	for _, s := range sortedKeys(states) {
		r.conflict(states[s], "Two workspaces with one backend", func(w *Workspace) string { return w.Backend.Place })
	}
}

func (r *resolver) conflict(group []*Workspace, summary string, place func(*Workspace) string) {
	if len(group) < 2 {
		return
	}
	for _, w := range group {
		var others []string
		for _, o := range group[:min(len(group), 4)] {
			if o != w && len(others) < 3 {
				others = append(others, fmt.Sprintf("%s (%s)", o.ID, place(o)))
			}
		}
		detail := fmt.Sprintf("%s would share it with %s", w.ID, someOf(others, len(group)-1))
		w.problem("%s: %s: %s", place(w), strings.ToLower(summary[:1])+summary[1:], detail)
		r.set.Diagnostics = append(r.set.Diagnostics, errorAt(r.rangeOf(w), summary, "%s.", detail))
	}
}

func (r *resolver) blockPlace(w *Workspace) string {
	if at := r.blocks[w]; at.Filename != "" {
		return fmt.Sprintf("%s:%d", at.Filename, at.Start.Line)
	}
	return w.Dir
}

// rangeOf returns the place of a workspace's backend, or of its block.
func (r *resolver) rangeOf(w *Workspace) hcl.Range {
	root := r.v.module(w.Dir, w.Engine)
	if root.backend == nil {
		return r.blocks[w]
	}
	at := hcl.Range{Filename: root.backend.file}
	src, seen := r.set.Sources[at.Filename]
	if !seen {
		if found, err := r.v.follow(at.Filename); err == nil {
			src, _ = r.v.tree.Read(found.path)
			r.set.Sources[at.Filename] = src
		}
	}
	at.Start = hcl.InitialPos
	for range root.backend.line - 1 {
		i := strings.IndexByte(string(src[at.Start.Byte:]), '\n')
		if i < 0 {
			break
		}
		at.Start.Byte += i + 1
		at.Start.Line++
	}
	at.End = at.Start
	if i := strings.IndexByte(string(src[at.Start.Byte:]), '\n'); i >= 0 {
		at.End.Byte, at.End.Column = at.Start.Byte+i, i+1
	}
	return at
}
