package workspaces

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

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
	Kind string // "dir", "file", "link", "submodule", "module", "var file", "watch", "config", "engine", "ref"
	Name string // path or name
	ID   string // object id, commit, hash of a configured value, or "missing"
}

// Digester computes input digests from Git objects, without a checkout. It caches by tree id and is safe for concurrent use.
type Digester struct {
	// EngineVersion returns what stands for the engine in a digest of w, such as "terraform 1.11.4". Of w only Engine, Version and
	// VersionConstraints are set.
	EngineVersion func(w *Workspace) (string, error)
	// ResolveRef returns the commit that a Git module source's ref points at now; nil: such refs are warned about.
	// It has 20 seconds, and all calls of one Set a minute; up to 8 run at a time.
	ResolveRef func(ctx context.Context, url, ref string) (string, error)

	lookupTimeout, lookupBudget time.Duration // 0: the defaults
}

// NewDigester returns a Digester; either function may be nil.
func NewDigester(engineVersion func(*Workspace) (string, error), resolveRef func(ctx context.Context, url, ref string) (string, error)) *Digester {
	return &Digester{EngineVersion: engineVersion, ResolveRef: resolveRef}
}

// Digest returns the input digest of w in the tree of set. Within one Set, each engine is asked for and each Git ref is resolved once.
// The error is of EngineVersion, of ctx, or of ResolveRef; what the tree lacks is an input, not an error.
func (d *Digester) Digest(ctx context.Context, set *Set, w *Workspace) (Digest, error) {
	return d.digest(ctx, set, w, set)
}

// digest asks what is outside of the tree as the digests of look do.
func (d *Digester) digest(ctx context.Context, set *Set, w *Workspace, look *Set) (Digest, error) {
	if err := ctx.Err(); err != nil {
		return Digest{}, err
	}
	g := &gatherer{v: set.files(), w: w, seen: map[Input]bool{}, warned: map[string]bool{}, read: map[string]bool{}}
	g.modules = g.v.reach(w.Dir, w.Engine)
	g.root()
	for _, m := range g.modules[1:] {
		g.add(g.v.inputs.get(moduleKey{m.dir, w.Engine}, func() Input { return g.v.moduleInput(m) }))
	}
	for _, m := range g.modules {
		g.paths(m)
	}
	g.varFiles()
	g.watch()
	g.config()
	g.lock()
	version, err := d.engine(look, w)
	if err != nil {
		return Digest{}, fmt.Errorf("digest %s: %w", w.ID, err)
	}
	g.add(Input{Kind: "engine", Name: w.Engine, ID: version})
	if err := g.remotes(ctx, d, set, &look.outside.refs); err != nil {
		return Digest{}, fmt.Errorf("digest %s: %w", w.ID, err)
	}
	slices.SortFunc(g.inputs, compareInputs)
	return Digest{Sum: hashInputs(g.inputs), Inputs: g.inputs, Warnings: g.warnings, Floating: g.floating, InitKey: g.initKey()}, nil
}

// gatherer collects the inputs of one workspace.
type gatherer struct {
	v        *view
	w        *Workspace
	modules  []*module // the root first
	inputs   []Input
	seen     map[Input]bool
	warnings []string
	warned   map[string]bool
	floating bool
	read     map[string]bool // templates
}

func (g *gatherer) add(inputs ...Input) {
	for _, in := range inputs {
		if !g.seen[in] {
			g.seen[in] = true
			g.inputs = append(g.inputs, in)
		}
	}
}

// float records what cannot be followed.
func (g *gatherer) float(format string, args ...any) {
	g.floating = true
	warning := fmt.Sprintf(format, args...)
	if !g.warned[warning] {
		g.warned[warning] = true
		g.warnings = append(g.warnings, warning)
	}
}

// root adds the workspace's own directory.
func (g *gatherer) root() {
	m := g.modules[0]
	switch {
	case m.missing != nil:
		g.add(missingInput("dir", m.dir))
	case m.at.entry.Mode != Dir:
		g.add(inputOf(m.at.path, m.at.entry))
	default:
		g.add(m.links...)
		g.add(g.v.cover(m.at.path, true).inputs...)
	}
}

func compareInputs(a, b Input) int {
	if c := strings.Compare(a.Kind, b.Kind); c != 0 {
		return c
	}
	if c := strings.Compare(a.Name, b.Name); c != 0 {
		return c
	}
	return strings.Compare(a.ID, b.ID)
}

// hashInputs hashes inputs in their order. Lengths keep odd names from looking like other inputs.
func hashInputs(inputs []Input) string {
	h := sha256.New()
	var line []byte
	for _, in := range inputs {
		line = line[:0]
		for i, part := range [3]string{in.Kind, in.Name, in.ID} {
			line = append(append(strconv.AppendInt(line, int64(len(part)), 10), ' '), part...)
			line = append(line, "  \n"[i])
		}
		h.Write(line)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func hashText(parts ...string) string {
	var text []byte
	for _, p := range parts {
		text = append(append(strconv.AppendInt(text, int64(len(p)), 10), ' '), p...)
		text = append(text, '\n')
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
