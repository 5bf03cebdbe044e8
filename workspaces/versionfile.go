package workspaces

import (
	"path"
	"strings"

	"github.com/hashicorp/go-version"
)

// versionFiles name the engine version for tfenv, tenv and the like, by engine.
var versionFiles = map[string]string{"terraform": ".terraform-version", "tofu": ".opentofu-version"}

// defaultEngine is tofu for a directory with *.tofu files or with .opentofu-version as the nearest version file at or above it.
func (v *view) defaultEngine(dir string) string {
	return v.tools.get(dir, func() string { return v.findEngine(dir) })
}

func (v *view) findEngine(dir string) string {
	if at, err := v.follow(dir); err == nil && at.entry.Mode == Dir {
		entries, _ := v.list(at.path)
		for _, e := range entries {
			if e.Mode != Dir && isEngineFile(e.Name) && isTofuFile(e.Name) {
				return "tofu"
			}
		}
	}
	for p := dir; ; p = path.Dir(p) {
		for _, engine := range []string{"tofu", "terraform"} {
			if _, err := v.follow(p + "/" + versionFiles[engine]); err == nil {
				return engine
			}
		}
		if p == "." {
			return "terraform"
		}
	}
}

// versionFile returns the constraint in the nearest version file of an engine, and where it is. A word that is no
// version, such as "latest", is no constraint.
func (v *view) versionFile(dir, engine string) (constraint, file string, err error) {
	for p := dir; ; p = path.Dir(p) {
		file := path.Join(p, versionFiles[engine])
		if at, err := v.follow(file); err == nil {
			src, err := v.tree.Read(at.path)
			if err != nil {
				return "", file, err
			}
			return readVersion(string(src)), file, nil
		}
		if p == "." {
			return "", "", nil
		}
	}
}

func readVersion(src string) string {
	for line := range strings.Lines(src) {
		word, _, _ := strings.Cut(line, "#")
		if word = strings.TrimPrefix(strings.TrimSpace(word), "v"); word == "" {
			continue
		}
		if _, err := version.NewConstraint(word); err != nil {
			return ""
		}
		return word
	}
	return ""
}
