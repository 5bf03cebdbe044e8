package workspaces

import (
	"fmt"
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// paths adds what the expressions of a module name.
func (g *gatherer) paths(m *module) {
	for i, ref := range m.paths {
		g.path(m, ref, fmt.Sprintf("%s:%d", m.pathFiles[i], ref.line))
	}
}

func (g *gatherer) path(m *module, ref pathRef, place string) {
	base := g.w.Dir
	if ref.module {
		base = m.dir
	}
	switch {
	case ref.computed:
		g.float("%s: %s() of a computed path cannot be followed", place, ref.function)
		return
	case strings.HasPrefix(ref.path, "/") || strings.HasPrefix(ref.path, "~"):
		g.float("%s: %s is outside of the repository", place, ref.path)
		return
	case ref.pattern != "" && ref.complete:
		g.fileset(base, ref)
		return
	}
	name := ref.path
	if !ref.complete { // "${path.module}/files/${var.x}.json" reads something in files
		name = name[:strings.LastIndex(name, "/")+1]
	}
	at, err := g.v.follow(base + "/" + name)
	if err != nil {
		g.lost(ref, path.Join(base, name), place, err)
		return
	}
	if at.path == m.at.path || at.path == g.modules[0].at.path {
		return // covered already
	}
	g.add(g.v.deepInput(at)...)
}

// lost handles a path at which nothing is. For a file function that is an input: it may appear. Other strings may mean anything.
func (g *gatherer) lost(ref pathRef, name, place string, err error) {
	if ref.function == "" {
		return
	}
	if _, leaves := err.(*leavesError); leaves {
		g.float("%s: %s() reads outside of the repository", place, ref.function)
		return
	}
	g.add(missingInput("file", name))
}

func (g *gatherer) fileset(base string, ref pathRef) {
	glob := path.Join(base, ref.path, ref.pattern)
	if escapes(glob) || !isCheap(glob) || !doublestar.ValidatePattern(glob) {
		g.float("fileset(%q, %q) cannot be followed: it reads outside of the repository, or its pattern is not understood", ref.path, ref.pattern)
		return
	}
	g.add(g.v.globInputs("file", glob)...)
}

func (g *gatherer) varFiles() {
	for _, name := range g.w.VarFiles {
		p := g.w.varFile(name)
		at, err := g.v.follow(p)
		if err != nil {
			g.add(missingInput("var file", path.Clean(p)))
			continue
		}
		g.add(at.links...)
		g.add(Input{Kind: "var file", Name: at.path, ID: at.entry.ID})
	}
}

// varFile returns the path of a variable file in the repository.
func (w *Workspace) varFile(name string) string {
	if strings.HasPrefix(name, "/") {
		return strings.TrimLeft(name, "/")
	}
	return w.Dir + "/" + name
}

func (g *gatherer) watch() {
	for _, glob := range g.w.Watch {
		inputs := g.v.globInputs("watch", glob)
		if len(inputs) == 0 {
			g.warnings = append(g.warnings, fmt.Sprintf("watch %q matches nothing", glob))
		}
		g.add(inputs...)
	}
}

// config adds the part of the configuration that a plan depends on. Values are hashed: they may be long, and not for showing.
func (g *gatherer) config() {
	w := g.w
	text := map[string]string{"terraform_workspace": w.TerraformWorkspace, "version": w.Version}
	for kind, m := range map[string]map[string]string{"variable": w.Variables, "backend_config": w.BackendConfig} {
		for name, value := range m {
			text[kind+" "+name] = "=" + value
		}
	}
	if len(w.VarFiles) > 0 {
		text["var_files"] = hashText(w.VarFiles...) // their order decides which one wins
	}
	if len(w.Volatile) > 0 {
		text["volatile"] = hashText(w.Volatile...)
	}
	if len(w.VersionConstraints) > 0 {
		text["required version"] = hashText(w.VersionConstraints...)
	}
	for name, value := range text {
		if value != "" {
			g.add(Input{Kind: "config", Name: name, ID: hashText(value)})
		}
	}
}

func (g *gatherer) engine(version func(*Workspace) (string, error)) error {
	in := Input{Kind: "engine", Name: g.w.Engine, ID: "any version"}
	if version != nil {
		v, err := version(g.w)
		if err != nil {
			return err
		}
		in.ID = v
	}
	g.add(in)
	return nil
}

// lock warns about providers whose versions nothing pins.
func (g *gatherer) lock() {
	if root := g.modules[0]; root.missing == nil && root.at.entry.Mode == Dir {
		if _, err := g.v.entry(root.at.path, lockFile); err == nil {
			return
		}
	}
	for _, m := range g.modules {
		if len(m.needsProviders()) > 0 {
			g.float("%s has no %s: every init may choose other provider versions", g.w.Dir, lockFile)
			return
		}
	}
}

// needsProviders returns the providers that a module requires or implies, with what it says of each, sorted.
func (m *module) needsProviders() []string {
	var all []string
	for _, name := range sortedKeys(m.providers) {
		if !m.isBuiltin(name) {
			all = append(all, name+" "+m.providers[name])
		}
	}
	for _, name := range sortedKeys(m.implied) {
		if _, required := m.providers[name]; !required && !m.isBuiltin(name) {
			all = append(all, name)
		}
	}
	return all
}

// isBuiltin reports whether a provider is part of the engine (terraform_data).
func (m *module) isBuiltin(name string) bool {
	if required, ok := m.providers[name]; ok {
		return strings.Contains(required, "terraform.io/builtin/")
	}
	return name == "terraform"
}
