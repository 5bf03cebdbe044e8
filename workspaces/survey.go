package workspaces

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// survey is every directory with engine files, who calls whom, and which of them is a root module.
type survey struct {
	v        *view
	dirs     []string
	calledBy map[string][]string
	roots    map[string]bool
	reasons  map[string]string

	linkedFrom map[string][]string // engine file → other directories that hold a link to it
	tests      []string            // test files
	testedBy   map[string][]string // directory → test files that call it as a module
	terragrunt []string            // terragrunt.hcl files
}

// newSurvey walks the tree. Directories whose names begin with a dot, and node_modules, are passed over.
func newSurvey(v *view) (*survey, error) {
	s := &survey{
		v: v, calledBy: map[string][]string{}, roots: map[string]bool{}, reasons: map[string]string{},
		linkedFrom: map[string][]string{}, testedBy: map[string][]string{},
	}
	if err := s.walk("."); err != nil {
		return nil, err
	}
	slices.Sort(s.dirs)
	parallel(len(s.dirs), func(i int) { s.module(s.dirs[i]) }) // parsing is most of the work
	for _, dir := range s.dirs {
		s.recordCalls(dir)
	}
	for _, file := range s.tests {
		s.recordTest(file)
	}
	for _, dir := range s.dirs { // a directory comes before those below it, which look at it
		s.roots[dir], s.reasons[dir] = s.judge(dir)
	}
	return s, nil
}

func (s *survey) walk(dir string) error {
	entries, err := s.v.list(dir)
	if err != nil {
		return fmt.Errorf("list %s: %w", dir, err)
	}
	if s.v.holdsEngineFiles(dir) {
		s.dirs = append(s.dirs, dir)
	}
	for _, e := range entries {
		s.note(dir, e)
		if e.Mode != Dir || strings.HasPrefix(e.Name, ".") || e.Name == "node_modules" {
			continue
		}
		if err := s.walk(path.Join(dir, e.Name)); err != nil {
			return err
		}
	}
	return nil
}

func (s *survey) recordCalls(dir string) {
	for _, c := range s.module(dir).calls {
		if c.dir == "" {
			continue
		}
		at, err := s.v.follow(c.dir)
		if err != nil || at.path == dir {
			continue
		}
		s.calledBy[at.path] = follows(s.calledBy[at.path], dir)
	}
}

// follows appends a name, unless it is the last one already.
func follows(names []string, name string) []string {
	if len(names) > 0 && names[len(names)-1] == name {
		return names
	}
	return append(names, name)
}

func (s *survey) module(dir string) *module { return s.v.module(dir, s.v.defaultEngine(dir)) }

// judge says whether a directory is a root module, and why. The first rule that applies decides; see the package comment.
func (s *survey) judge(dir string) (bool, string) {
	m := s.module(dir)
	if s.has(dir, func(name string) bool { return name == terragruntFile }) {
		return false, "it has " + terragruntFile + ", and Terragrunt is not supported; a workspace block makes it a workspace that is run without it"
	}
	if from := s.fragmentOf(dir, m); len(from) > 0 {
		return false, "shared fragment: it manages nothing, and its files are linked from " + some(from, 3)
	}
	if m.backend != nil && !s.isModuleWithBackend(dir, m) {
		return true, fmt.Sprintf("it has %s (%s)", m.backend.describe(), m.backend.place())
	}
	if s.has(dir, func(name string) bool { return name == lockFile }) {
		return true, "it has a lock file"
	}
	if callers := s.calledBy[dir]; len(callers) > 0 {
		return false, "shared module: called by " + some(callers, 3)
	}
	if files := s.testedBy[dir]; len(files) > 0 {
		return false, "helper module of tests: called by " + some(files, 3)
	}
	if s.has(dir, isVarFile) {
		return true, "nothing calls it, and it has values for its variables (*.tfvars)"
	}
	if segment, ok := moduleSegment(dir); ok {
		return false, fmt.Sprintf("shared module: it is in a directory named %q, and has neither a backend that says where, nor lock file, nor variable values", segment)
	}
	if parent, ok := s.exampleOf(dir); ok {
		return false, fmt.Sprintf("example or test of the module %s", parent)
	}
	if len(m.problems) > 0 {
		return true, "its files cannot be read, and nothing calls it"
	}
	return s.judgeContent(dir, m)
}

func (s *survey) judgeContent(dir string, m *module) (bool, string) {
	needs := m.needs()
	switch {
	case m.provider:
		return true, "nothing calls it, and it configures a provider"
	case len(m.declares) == 0:
		return false, "it declares nothing to manage"
	case len(needs) > 0:
		if files := s.v.varFilesAt(dir); len(files) > 0 {
			return false, fmt.Sprintf("its variables have no values (%s), and it is not said which of the variable files hold them. Put into %s, as fits:\n%s", some(needs, 3), RepositoryFileName, valueBlocks(dir, files))
		}
		return false, "shared module: nothing here calls it, and its variables have no values (" + some(needs, 3) + ")"
	}
	return true, "nothing calls it, and it needs no values"
}

func (s *survey) has(dir string, match func(name string) bool) bool {
	entries, _ := s.v.list(dir)
	return slices.ContainsFunc(entries, func(e Entry) bool { return e.Mode != Dir && match(e.Name) })
}

func moduleSegment(dir string) (string, bool) {
	for segment := range strings.SplitSeq(dir, "/") {
		if segment == "modules" || segment == "module" {
			return segment, true
		}
	}
	return "", false
}

var exampleNames = []string{"examples", "example", "tests", "test", "testdata", "fixtures", "wrappers"}

// exampleOf returns the module of which dir is an example: one that holds engine files, is no root itself, and has dir
// below its examples, tests, …; so an environment that is called "test" is not meant.
func (s *survey) exampleOf(dir string) (string, bool) {
	for p := dir; p != "."; p = path.Dir(p) {
		parent := path.Dir(p)
		if !slices.Contains(exampleNames, path.Base(p)) {
			continue
		}
		if root, holds := s.roots[parent]; holds && !root {
			return parent, true
		}
	}
	return "", false
}

func some(names []string, limit int) string {
	return someOf(names[:min(len(names), limit)], len(names))
}

// someOf lists the first names of so many.
func someOf(names []string, all int) string {
	if all <= len(names) {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names, ", "), all-len(names))
}

func (b *backendBlock) describe() string {
	if b.kind == "cloud" {
		return "a cloud block"
	}
	return fmt.Sprintf("a backend %q", b.kind)
}

func (b *backendBlock) place() string { return fmt.Sprintf("%s:%d", b.file, b.line) }
