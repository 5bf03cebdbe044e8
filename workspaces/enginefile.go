package workspaces

import (
	"maps"
	"slices"
	"strings"
)

// isEngineFile reports whether an engine would load a file of this name: *.tf, *.tofu and their JSON forms.
func isEngineFile(name string) bool {
	if strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") || strings.HasPrefix(name, "#") && strings.HasSuffix(name, "#") {
		return false
	}
	return isTofuFile(name) || strings.HasSuffix(name, ".tf") || strings.HasSuffix(name, ".tf.json")
}

func isTofuFile(name string) bool {
	return strings.HasSuffix(name, ".tofu") || strings.HasSuffix(name, ".tofu.json")
}

// engineFiles returns the files that an engine loads, override files last. Tofu prefers x.tofu to x.tf; Terraform knows no *.tofu.
func engineFiles(entries []Entry, engine string) []string {
	preferred := map[string]bool{}
	if engine == "tofu" {
		for _, e := range entries {
			if isTofuFile(e.Name) {
				base, suffix := splitEngineName(e.Name)
				preferred[base+strings.Replace(suffix, ".tofu", ".tf", 1)] = true
			}
		}
	}
	var primary, overrides []string
	for _, e := range entries {
		switch {
		case e.Mode == Dir, e.Mode == Submodule, !isEngineFile(e.Name), preferred[e.Name], engine != "tofu" && isTofuFile(e.Name):
		case isOverride(e.Name):
			overrides = append(overrides, e.Name)
		default:
			primary = append(primary, e.Name)
		}
	}
	return append(primary, overrides...)
}

// splitEngineName splits "main.tf.json" into "main" and ".tf.json".
func splitEngineName(name string) (base, suffix string) {
	for _, suffix := range []string{".tf", ".tf.json", ".tofu", ".tofu.json"} {
		if base, ok := strings.CutSuffix(name, suffix); ok {
			return base, suffix
		}
	}
	return name, ""
}

func isOverride(name string) bool {
	base, _ := splitEngineName(name)
	return base == "override" || strings.HasSuffix(base, "_override")
}

// isAutoVarFile reports whether the engine reads the file in a root module by itself.
func isAutoVarFile(name string) bool {
	return name == "terraform.tfvars" || name == "terraform.tfvars.json" ||
		strings.HasSuffix(name, ".auto.tfvars") || strings.HasSuffix(name, ".auto.tfvars.json")
}

func isVarFile(name string) bool {
	return strings.HasSuffix(name, ".tfvars") || strings.HasSuffix(name, ".tfvars.json")
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
