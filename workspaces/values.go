package workspaces

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// varFilesAt returns the variable files that a root module may be meant to be run with, relative to it: those that no engine
// loads by itself, in its directory and in those below it that hold no engine files.
func (v *view) varFilesAt(dir string) []string {
	var found []string
	var walk func(dir, relative string)
	walk = func(dir, relative string) {
		entries, _ := v.list(dir)
		for _, e := range entries {
			p, rel := path.Join(dir, e.Name), path.Join(relative, e.Name)
			switch {
			case strings.HasPrefix(e.Name, "."):
			case e.Mode == Dir && !v.holdsEngineFiles(p):
				walk(p, rel)
			case e.Mode != Dir && isVarFile(e.Name) && (relative != "" || !isAutoVarFile(e.Name)):
				found = append(found, rel)
			}
		}
	}
	walk(dir, "")
	return found
}

const maxSuggestions = 10

// valueBlocks returns workspace blocks to paste, one for each variable file.
func valueBlocks(dir string, files []string) string {
	var text strings.Builder
	var used []string
	for _, file := range files[:min(len(files), maxSuggestions)] {
		label := labelOf(file)
		if slices.Contains(used, label) {
			label = strings.ReplaceAll(path.Join(path.Dir(file), label), "/", "-")
		}
		used = append(used, label)
		fmt.Fprintf(&text, "workspace %q {\n  dir       = %q\n  var_files = [%q]\n}\n", label, dir, file)
	}
	if more := len(files) - maxSuggestions; more > 0 {
		fmt.Fprintf(&text, "# … and so on for %d more\n", more)
	}
	return text.String()
}

// labelOf names a workspace by its variable file: envs/dev.tfvars and envs/dev/terraform.tfvars are "dev".
func labelOf(file string) string {
	name := strings.TrimSuffix(strings.TrimSuffix(path.Base(file), ".json"), ".tfvars")
	if name = strings.TrimSuffix(name, ".auto"); (name == "terraform" || name == "") && path.Dir(file) != "." {
		return path.Base(path.Dir(file))
	}
	return name
}

// inspectValues finds a discovered root that lacks values which variable files near it may hold. A workspace block says
// that the values come from elsewhere, such as TF_VAR_ variables of an identity.
func (r *resolver) inspectValues(w *Workspace, root *module) {
	if r.blocks[w].Filename != "" || len(w.VarFiles) > 0 || r.survey.has(root.at.path, isAutoVarFile) {
		return
	}
	needs := slices.DeleteFunc(root.needs(), func(name string) bool { _, set := w.Variables[name]; return set })
	if len(needs) == 0 {
		return
	}
	if files := r.v.varFilesAt(root.at.path); len(files) > 0 {
		w.problem("%s: its variables have no values (%s), and it is not said which of the variable files hold them. Put into %s, as fits, or a block without var_files if the values come from TF_VAR_ variables:\n%s",
			w.Dir, some(needs, 3), RepositoryFileName, valueBlocks(w.Dir, files))
	}
}
