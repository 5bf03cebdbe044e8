package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"sync"

	"github.com/hashicorp/go-version"
)

// FinderOptions say where engines come from.
type FinderOptions struct {
	DataDir  string          // installed engines live below it
	Paths    map[Kind]string // a binary to use before PATH
	Releases map[Kind]string // base URL of a release server; "" = the vendor's
	Logger   *slog.Logger
}

// Finder finds engines by version; it remembers what it found. Safe for concurrent use; one download at a time per version.
type Finder struct {
	opts FinderOptions
	keys map[Kind]string // armored keys that sign releases; none = the vendor's
	look func(name string) (string, error)

	mu     sync.Mutex
	probed map[probeKey]*version.Version
}

// probeKey tells one state of a binary from another, so that an upgrade in place is seen.
type probeKey struct {
	path           string
	size, modified int64
}

// NewFinder returns a Finder.
func NewFinder(opts FinderOptions) (*Finder, error) {
	if opts.DataDir == "" {
		return nil, errors.New("engine: new finder: DataDir is required")
	}
	dir, err := filepath.Abs(opts.DataDir)
	if err != nil {
		return nil, fmt.Errorf("engine: new finder: %w", err)
	}
	opts.DataDir = dir
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	return &Finder{opts: opts, look: exec.LookPath, probed: map[probeKey]*version.Version{}}, nil
}

// Known returns an engine that fits as Find does, when there is one without a download: the configured path, PATH, or one
// that Find installed before. It needs no network.
func (f *Finder) Known(kind Kind, constraints []string) (Engine, bool) {
	want, err := parseRequirement(constraints)
	if err != nil || checkKind(kind) != nil {
		return Engine{}, false
	}
	ctx := context.Background() // a version is asked for once, and that has a time limit of its own
	found, _ := f.local(ctx, kind, want)
	if found == nil {
		found = f.installed(ctx, f.shelf(kind), want)
	}
	if found == nil {
		return Engine{}, false
	}
	return *found, true
}

// Find returns an engine that satisfies every constraint (Terraform's syntax; a version file's plain "1.9.8" is exact):
// the configured path, PATH, one installed before, else the newest that fits is installed with its checksum and signature verified.
// The error names the version wanted and how to point at a local engine.
func (f *Finder) Find(ctx context.Context, kind Kind, constraints []string) (Engine, error) {
	return f.find(ctx, kind, constraints, f.shelf(kind))
}

// FindUntrusted is Find for what nobody has reviewed. What it installs is kept apart, where neither Find nor Known looks:
// the version that a pull request asks for must not become the engine of workspaces with open constraints.
func (f *Finder) FindUntrusted(ctx context.Context, kind Kind, constraints []string) (Engine, error) {
	return f.find(ctx, kind, constraints, f.shelf(kind), f.untrustedShelf(kind))
}

// find looks at the shelves in order, and installs into the last.
func (f *Finder) find(ctx context.Context, kind Kind, constraints []string, shelves ...shelf) (Engine, error) {
	if err := checkKind(kind); err != nil {
		return Engine{}, err
	}
	want, err := parseRequirement(constraints)
	if err != nil {
		return Engine{}, err
	}
	found, misses := f.local(ctx, kind, want)
	if found != nil {
		return *found, nil
	}
	for _, s := range shelves {
		if found = f.installed(ctx, s, want); found != nil {
			return *found, nil
		}
	}
	if err := ctx.Err(); err != nil {
		return Engine{}, fmt.Errorf("engine: find %s %s: %w", kind, want.text, err)
	}
	e, err := f.install(ctx, shelves[len(shelves)-1], want)
	if err != nil {
		return Engine{}, fmt.Errorf(`engine: %s %s is not on PATH (%s) and cannot be downloaded from %s: %w; install it, or name a binary: engine %q { path = "/path/to/%s" }`,
			kind, want.text, strings.Join(misses, "; "), f.releases(kind), err, kind, kind)
	}
	return e, nil
}

func checkKind(kind Kind) error {
	if kind != Terraform && kind != OpenTofu {
		return fmt.Errorf(`engine: %q is not an engine; use "terraform" or "tofu"`, kind)
	}
	return nil
}

// local looks at the configured binary and at PATH; misses say why what is there does not do.
func (f *Finder) local(ctx context.Context, kind Kind, want requirement) (found *Engine, misses []string) {
	for _, name := range []string{f.opts.Paths[kind], string(kind)} {
		if name == "" {
			continue
		}
		path, err := f.look(name)
		if err == nil {
			path, err = filepath.Abs(path)
		}
		if err != nil {
			if name != string(kind) {
				misses = append(misses, err.Error())
			}
			continue
		}
		v, err := f.version(ctx, path)
		switch {
		case err != nil:
			misses = append(misses, fmt.Sprintf("%s does not run: %v", path, err))
		case want.allows(v):
			return &Engine{Kind: kind, Version: v.String(), Path: path}, nil
		default:
			misses = append(misses, fmt.Sprintf("found %s at %s", v, path))
		}
	}
	if len(misses) == 0 {
		misses = []string{"found none"}
	}
	return nil, misses
}

// installed is the newest engine that fits among those that were installed before.
func (f *Finder) installed(ctx context.Context, s shelf, want requirement) *Engine {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil
	}
	var fit version.Collection
	for _, entry := range entries {
		if v, err := version.NewSemver(entry.Name()); err == nil && entry.IsDir() && want.allows(v) {
			fit = append(fit, v)
		}
	}
	sort.Sort(sort.Reverse(fit))
	for _, v := range fit {
		if e := s.engine(v); f.runs(ctx, e.Path, v) {
			used(filepath.Dir(e.Path))
			return &e
		}
	}
	return nil
}

func (f *Finder) runs(ctx context.Context, path string, want *version.Version) bool {
	v, err := f.version(ctx, path)
	return err == nil && v.Equal(want)
}

// version probes a binary once for each state of its file.
func (f *Finder) version(ctx context.Context, path string) (*version.Version, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	key := probeKey{path, info.Size(), info.ModTime().UnixNano()}
	f.mu.Lock()
	v := f.probed[key]
	f.mu.Unlock()
	if v != nil {
		return v, nil
	}
	if v, err = probe(ctx, path); err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.probed[key] = v
	f.mu.Unlock()
	return v, nil
}

// shelf is a directory of installed engines of one kind.
type shelf struct {
	kind Kind
	dir  string
}

func (f *Finder) shelf(kind Kind) shelf {
	return shelf{kind, filepath.Join(f.opts.DataDir, "engines", string(kind))}
}

func (f *Finder) untrustedShelf(kind Kind) shelf {
	return shelf{kind, filepath.Join(f.opts.DataDir, "engines", "pulls", string(kind))}
}

// engine is where a version is, or is to be.
func (s shelf) engine(v *version.Version) Engine {
	return Engine{Kind: s.kind, Version: v.String(), Path: filepath.Join(s.dir, v.String(), string(s.kind))}
}
