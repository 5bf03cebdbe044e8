package workspaces

import (
	"fmt"
	"path"
	"strings"
)

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

// lock warns about providers whose versions nothing pins.
func (g *gatherer) lock() {
	if root := g.modules[0]; root.missing == nil && root.at.entry.Mode == Dir {
		if _, err := g.v.entry(root.at.path, lockFile); err == nil {
			return
		}
	}
	for _, m := range g.modules {
		if len(m.external) > 0 {
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
