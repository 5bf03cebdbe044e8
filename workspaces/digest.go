package workspaces

import "context"

// Digest is the input digest of a workspace: a hash of everything outside the cloud that determines its plan.
type Digest struct {
	Sum      string   // hex SHA-256
	Inputs   []Input  // what was hashed, sorted; the explanation of Sum
	Warnings []string // what could not be followed (computed path, registry range without a lock file, …)
	Floating bool     // something could not be followed, or is resolved at every look: init must not be skipped
	InitKey  string   // hash of the part of the inputs that init reads from the tree: lock file, required and implied providers, module calls (key, source, version), backend block and backend_config
}

// Input is one thing that a digest covers.
type Input struct {
	Kind string // "dir", "module", "file", "watch", "config", "engine", "ref", …
	Name string // path or name
	ID   string // object id, commit, or value
}

// Digester computes input digests from Git objects, without a checkout. It caches by tree id and is safe for concurrent use.
type Digester struct {
	// EngineVersion returns what stands for the engine in a digest of w, such as "terraform 1.11.4".
	EngineVersion func(w *Workspace) (string, error)
	// ResolveRef returns the commit that a Git module source's ref points at now; nil: such refs are warned about.
	ResolveRef func(ctx context.Context, url, ref string) (string, error)
}

// NewDigester returns a Digester; either function may be nil.
func NewDigester(engineVersion func(*Workspace) (string, error), resolveRef func(ctx context.Context, url, ref string) (string, error)) *Digester {
	panic("todo")
}

// Digest returns the input digest of w in the tree of set.
func (d *Digester) Digest(ctx context.Context, set *Set, w *Workspace) (Digest, error) { panic("todo") }

// Effect says what a change does to one workspace.
type Effect struct {
	Workspace  *Workspace // at head; at base when removed
	Affected   bool
	Removed    bool   // in base, not in head: an orphan after the merge
	Reason     string // "module modules/vpc changed", "added", "removed", "unchanged", …
	Base, Head Digest
}

// Affected compares two sets by input digests. The result has every workspace of either, sorted by ID.
func (d *Digester) Affected(ctx context.Context, base, head *Set) ([]Effect, error) { panic("todo") }
