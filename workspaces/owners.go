package workspaces

import (
	"bytes"
	"cmp"
	"fmt"
	"path"
	"slices"

	"github.com/hashicorp/hcl/v2"
)

// ownersOf returns who owns a workspace: the owners of the first file, by name, that its engine reads.
func (r *resolver) ownersOf(w *Workspace) string {
	at, err := r.v.follow(w.Dir)
	if err != nil || at.entry.Mode != Dir || r.owners == nil {
		return ""
	}
	entries, _ := r.v.list(at.path)
	files := engineFiles(entries, w.Engine)
	if len(files) == 0 {
		return ""
	}
	return r.owners.of(path.Join(at.path, slices.Min(files)))
}

// noticeOwners tells what is wrong with CODEOWNERS, and that an edit takes effect only after the merge. A pull request that
// leaves the file alone is not bothered with it.
func (r *resolver) noticeOwners() {
	planned := r.owners
	if r.tv != r.v {
		planned = r.v.findOwners(r.src.Repository.Kind)
	}
	edited := !planned.equal(r.owners)
	if edited {
		r.note("%s: the edit takes effect after the merge", cmp.Or(planned, r.owners).name)
	}
	if planned == nil || len(planned.wrong) == 0 {
		return
	}
	var all []string
	r.set.Sources[planned.name] = planned.src
	for i, w := range planned.wrong {
		all = append(all, fmt.Sprintf("line %d: %s", w.line, w.text))
		if i < maxSuggestions {
			r.set.Diagnostics = append(r.set.Diagnostics, planned.warning(w))
		}
	}
	if edited || r.tv == r.v {
		r.note("%s: what cannot be read is left out: %s", planned.name, some(all, 3))
	}
}

func (o *ownersFile) equal(other *ownersFile) bool {
	return o == other || o != nil && other != nil && o.name == other.name && o.id == other.id
}

func (o *ownersFile) warning(w located) *hcl.Diagnostic {
	at := hcl.Range{Filename: o.name, Start: hcl.Pos{Line: w.line, Column: 1}, End: hcl.Pos{Line: w.line, Column: 1}}
	for range w.line - 1 {
		at.Start.Byte += bytes.IndexByte(o.src[at.Start.Byte:], '\n') + 1
	}
	at.End.Byte = at.Start.Byte
	return warningAt(at, "Rule of CODEOWNERS is left out", "%s.", w.text)
}
