package workspaces

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// Resolve finds the workspaces of a tree. It returns a Set also when single workspaces are broken (they carry Problems);
// the error is for a tree that cannot be read or a repository file that does not parse. Then it is hcl.Diagnostics, and
// the Set holds nothing but Diagnostics and the Sources they point into.
func Resolve(src Source) (*Set, error) {
	r := &resolver{src: src, set: &Set{Tree: src.Tree, Sources: map[string][]byte{}}, v: newView(src.Tree)}
	r.set.view = r.v
	if err := r.load(); err != nil {
		return r.set, err
	}
	var err error
	if r.survey, err = newSurvey(r.v); err != nil {
		return nil, fmt.Errorf("find workspaces of %s: %w", src.Repository.Name, err)
	}
	r.addBlocks()
	r.addDiscovered()
	slices.SortFunc(r.set.Workspaces, func(a, b *Workspace) int {
		return cmp.Or(strings.Compare(string(a.ID), string(b.ID)), strings.Compare(a.Dir, b.Dir))
	})
	r.set.Directories = r.directories()
	r.set.Policies = slices.Concat(src.Operator.Policies, src.Repository.Settings.Policies, r.trusted.Policies)
	r.link()
	r.findConflicts()
	r.findRenames()
	r.noticePolicies()
	r.noticeOwners()
	r.warnOfTerragrunt()
	sortDiagnostics(r.set.Diagnostics)
	return r.set, nil
}

type resolver struct {
	src    Source
	set    *Set
	survey *survey

	v, tv            *view        // of the planned and of the trusted tree
	planned, trusted fileSettings // of their driftless.hcl
	own              blockIndex   // of the operator's file
	owners           *ownersFile  // of the trusted tree
	blocks           map[*Workspace]hcl.Range
	words            map[*Workspace][]string // depends_on as written
}

// load reads driftless.hcl of both trees.
func (r *resolver) load() error {
	r.blocks, r.words, r.own = map[*Workspace]hcl.Range{}, map[*Workspace][]string{}, indexBlocks(r.src.Repository.Settings.Workspaces)
	var err error
	if r.planned, err = r.settings(r.v); err != nil {
		return err
	}
	r.tv, r.trusted = r.v, r.planned
	if r.src.Trusted != nil && r.src.Trusted.ID() != r.src.Tree.ID() {
		r.tv = newView(r.src.Trusted)
		r.trusted, err = r.settings(r.tv)
	}
	r.owners = r.tv.findOwners(r.src.Repository.Kind)
	return err
}

// agree reports whether both trees have the same driftless.hcl.
func (r *resolver) agree() bool { return r.planned.file == r.trusted.file }

func (r *resolver) settings(v *view) (found fileSettings, err error) {
	for _, name := range []string{RepositoryFileName, RepositoryFileName + ".json"} {
		at, err := v.follow(name)
		if isMissing(err) {
			continue
		}
		if err != nil {
			return found, r.broken(name, err.Error())
		}
		if found.file != "" {
			return found, r.broken(name, fmt.Sprintf("the repository has both %s and %s: keep one", RepositoryFileName, name))
		}
		if found, err = v.readSettings(name, at); err != nil {
			return found, fmt.Errorf("read %s: %w", name, err)
		}
		if v == r.v || found.diags.HasErrors() {
			r.set.Sources[name], r.set.Diagnostics = found.src, slices.Clone(found.diags)
		}
		if found.diags.HasErrors() {
			return found, r.atTracked(v, found.diags)
		}
	}
	return found, nil
}

func (r *resolver) broken(name, why string) error {
	r.set.Diagnostics = hcl.Diagnostics{errorAt(hcl.Range{Filename: name, Start: hcl.InitialPos, End: hcl.InitialPos}, "Configuration cannot be read", "%s.", why)}
	return r.set.Diagnostics
}

// atTracked says so when it is the tracked branch's file that is broken, and not the one that the reader has before them.
func (r *resolver) atTracked(v *view, diags hcl.Diagnostics) error {
	if v != r.v {
		for _, d := range diags {
			d.Detail += " This is the file at the tracked branch, which says what workspaces may do: nothing is planned until it is mended there."
		}
	}
	return diags
}
