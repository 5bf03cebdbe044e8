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
	tofu, terraform := v.versionAt(dir, "tofu"), v.versionAt(dir, "terraform")
	if tofu.file != "" && (terraform.file == "" || tofu.up <= terraform.up) {
		return "tofu"
	}
	return "terraform"
}

// versionAt is the nearest version file of an engine at or above a directory.
type versionAt struct {
	file       string // "" = there is none
	up         int    // directories above
	constraint string
	err        error
}

// versionFile returns the constraint in the nearest version file of an engine, and where it is. A word that is no
// version, such as "latest", is no constraint.
func (v *view) versionFile(dir, engine string) (constraint, file string, err error) {
	at := v.versionAt(dir, engine)
	return at.constraint, at.file, at.err
}

func (v *view) versionAt(dir, engine string) versionAt {
	return v.versions.get(moduleKey{dir, engine}, func() versionAt { return v.findVersion(dir, engine) })
}

func (v *view) findVersion(dir, engine string) versionAt {
	here := versionAt{file: path.Join(dir, versionFiles[engine])}
	at, err := v.follow(here.file)
	switch {
	case err == nil:
		var src []byte
		if src, here.err = v.tree.Read(at.path); here.err == nil {
			here.constraint = readVersion(string(src))
		}
		return here
	case dir == ".":
		return versionAt{}
	}
	above := v.versionAt(path.Dir(dir), engine)
	above.up++
	return above
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
