package workspaces

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"
)

// module is one directory of engine files, as an engine loads it.
type module struct {
	dir     string // as it is called, links not followed
	at      place
	missing error // why there is nothing to load

	files     []string
	problems  []string
	calls     []call
	required  []string // required_version
	places    []string // of required
	providers map[string]string
	implied   map[string]bool
	backend   *backendBlock
	provider  bool
	declares  map[string]bool
	variables map[string]bool
	paths     []pathRef
	pathFiles []string // of paths
	links     []Input
	size      int      // of its files, in bytes
	external  []string // providers that must be installed: each with what the module says of it, sorted
}

type moduleKey struct{ dir, engine string }

// module loads the module at dir for "terraform" or "tofu". The result is shared and must not be changed.
func (v *view) module(dir, engine string) *module {
	return v.modules.get(moduleKey{dir, engine}, func() *module { return v.loadModule(dir, engine) })
}

func (v *view) loadModule(dir, engine string) *module {
	at, err := v.follow(dir)
	if err != nil {
		return &module{dir: dir, missing: err}
	}
	m := &module{dir: dir, at: at, links: at.links, providers: map[string]string{}, implied: map[string]bool{}, declares: map[string]bool{}, variables: map[string]bool{}}
	if at.entry.Mode == Submodule {
		return m
	}
	key := moduleAt{moduleKey{dir, engine}, at.entry.ID}
	if known, ok := loadedModules.Get(key); ok && len(at.links) == 0 {
		return known
	}
	entries, err := v.list(at.path)
	if err != nil {
		m.missing = err
		return m
	}
	m.files = engineFiles(entries, engine)
	for _, name := range m.files {
		m.load(v, name)
	}
	for i := range m.calls {
		m.calls[i].dir, _ = m.calls[i].local(dir)
	}
	m.external = m.needsProviders()
	if len(m.links)+len(m.problems) == 0 && m.size <= maxCachedFile {
		loadedModules.Add(key, m)
	}
	return m
}

// moduleAt is all that a module follows from that no link leads to or away from.
type moduleAt struct {
	moduleKey
	tree string // id of its directory
}

// loadedModules remembers modules for other commits with the same directory. Its size bounds the memory.
var loadedModules = func() *lru.Cache[moduleAt, *module] {
	cache, err := lru.New[moduleAt, *module](1 << 14)
	if err != nil {
		panic(err)
	}
	return cache
}()

// load adds one file to the module.
func (m *module) load(v *view, name string) {
	at, f, err := m.read(v, name)
	m.links = append(m.links, at.links...)
	if err != nil {
		m.problems = append(m.problems, err.Error())
		return
	}
	m.size += f.size
	m.add(f, path.Join(m.dir, name), isOverride(name))
}

// read reads one of its files.
func (m *module) read(v *view, name string) (place, *sourceFile, error) {
	file := path.Join(m.dir, name)
	at, err := v.follow(m.at.path + "/" + name)
	switch {
	case err != nil:
		return place{}, nil, err
	case at.entry.Mode != File && at.entry.Mode != Executable:
		return place{}, nil, fmt.Errorf("%s is not a file", file)
	}
	f, err := loadSourceFile(name, at.entry.ID, func() ([]byte, error) { return v.tree.Read(at.path) })
	if err != nil {
		return at, nil, fmt.Errorf("read %s: %w", file, err)
	}
	return at, f, nil
}

func (m *module) add(f *sourceFile, file string, override bool) {
	for _, p := range f.problems {
		m.problems = append(m.problems, fmt.Sprintf("%s:%d: %s", file, p.line, p.text))
	}
	for _, r := range f.required {
		m.required = append(m.required, r.text)
		m.places = append(m.places, fmt.Sprintf("%s:%d", file, r.line))
	}
	for _, c := range f.calls {
		c.file = file
		m.addCall(c, override)
	}
	if f.backend != nil && (m.backend == nil || override) {
		back := *f.backend
		back.file, back.override = file, override
		m.backend = &back
	}
	maps.Copy(m.providers, f.providers)
	for _, name := range f.implied {
		m.implied[name] = true
	}
	for _, kind := range f.declares {
		m.declares[kind] = true
	}
	for name, hasDefault := range f.variables {
		m.variables[name] = m.variables[name] || hasDefault
	}
	m.provider = m.provider || f.provider
	m.paths = append(m.paths, f.paths...)
	for range f.paths {
		m.pathFiles = append(m.pathFiles, file)
	}
}

// addCall adds a module call; one in an override file changes the call it overrides.
func (m *module) addCall(c call, override bool) {
	i := slices.IndexFunc(m.calls, func(other call) bool { return override && other.name == c.name })
	if i < 0 {
		m.calls = append(m.calls, c)
		return
	}
	if c.source != "" || !c.literal {
		m.calls[i].source, m.calls[i].literal = c.source, c.literal
	}
	if c.version != "" {
		m.calls[i].version = c.version
	}
}

// place returns file:line of a call.
func (c call) place() string { return fmt.Sprintf("%s:%d", c.file, c.line) }

// local returns the directory that a call in dir names by a relative path.
func (c call) local(dir string) (string, bool) {
	if !c.literal || readAddress(c.source, "").kind != "local" {
		return "", false
	}
	return path.Join(dir, c.source), true
}

// needs returns the variables without a default, sorted.
func (m *module) needs() []string {
	var all []string
	for _, name := range sortedKeys(m.variables) {
		if !m.variables[name] {
			all = append(all, name)
		}
	}
	return all
}

const maxWays = 4

// reach returns the module at dir and every local module that it calls, directly or not: the root first, then by path. The
// result is shared and must not be changed.
func (v *view) reach(dir, engine string) []*module {
	return v.reached.get(moduleKey{dir, engine}, func() []*module { return v.findReached(dir, engine) })
}

func (v *view) findReached(dir, engine string) []*module {
	root := v.module(dir, engine)
	all, seen := []*module{root}, map[string]bool{dir: true}
	visits := map[string]int{} // of a directory by different ways through links, which may have no end
	for i := 0; i < len(all); i++ {
		for _, c := range all[i].calls {
			if c.dir == "" || seen[c.dir] {
				continue
			}
			seen[c.dir] = true
			m := v.module(c.dir, engine)
			if visits[m.at.path]++; m.missing != nil || visits[m.at.path] <= maxWays {
				all = append(all, m)
			}
		}
	}
	slices.SortFunc(all[1:], func(a, b *module) int { return strings.Compare(a.dir, b.dir) })
	return all
}
