package workspaces

import (
	"path"
	"slices"

	"github.com/hashicorp/hcl/v2"
)

const terragruntFile = "terragrunt.hcl"

// note keeps what an entry says of other directories than its own.
func (s *survey) note(dir string, e Entry) {
	if e.Mode == Dir || e.Mode == Submodule {
		return
	}
	switch p := path.Join(dir, e.Name); {
	case e.Name == terragruntFile:
		s.terragrunt = append(s.terragrunt, p)
	case isTestFile(e.Name):
		s.tests = append(s.tests, p)
	case e.Mode == Symlink && isEngineFile(e.Name):
		if at, err := s.v.follow(p); err == nil && path.Dir(at.path) != dir {
			s.linkedFrom[at.path] = append(s.linkedFrom[at.path], dir)
		}
	}
}

// fragmentOf returns the directories that link to the files of one that manages nothing by itself: its backend and
// providers are meant for them.
func (s *survey) fragmentOf(dir string, m *module) []string {
	if len(m.files) == 0 || len(m.declares) > 0 || len(m.problems) > 0 {
		return nil
	}
	var from []string
	for _, name := range m.files {
		links := s.linkedFrom[path.Join(dir, name)]
		if len(links) == 0 {
			return nil
		}
		from = append(from, links...)
	}
	slices.Sort(from)
	return slices.Compact(from)
}

// isModuleWithBackend reports whether a backend block is there for whoever copies or generates from a shared module: it
// says nothing of where the state is, and nobody gives the module its values.
func (s *survey) isModuleWithBackend(dir string, m *module) bool {
	_, inModules := moduleSegment(dir)
	return inModules && m.backend.kind != "cloud" && m.backend.literal && len(m.backend.config) == 0 && len(m.needs()) > 0 && !s.has(dir, isVarFile)
}

// warnOfTerragrunt says why roots of Terragrunt are not among the workspaces.
func (r *resolver) warnOfTerragrunt() {
	files := r.survey.terragrunt
	if len(files) == 0 {
		return
	}
	at := hcl.Range{Filename: files[0], Start: hcl.InitialPos, End: hcl.InitialPos}
	r.set.Diagnostics = append(r.set.Diagnostics, warningAt(at, "Terragrunt is not supported",
		"Directories with %s are not discovered as workspaces (%s): their backends and values come from Terragrunt, which is not run. "+
			"A workspace block with dir, variables and backend_config makes one a workspace.", terragruntFile, some(files, 3)))
}
