package policy

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
)

// suite is the tests of one directory, with the policies and data that they need. Suites are compiled apart, so that mocks
// of the same name in two directories do not meet.
type suite struct {
	dir     string // below the root, "." for itself
	own     []*module
	library *library

	compiler *ast.Compiler
	modules  map[string]*ast.Module
	store    storage.Store
}

// library is everything below the directory that is tested.
type library struct {
	source  Source
	modules []*module
	defined paths // by any rule
}

func newLibrary(s Source, modules []*module) *library {
	l := &library{source: s, modules: modules}
	for _, m := range modules {
		for _, r := range m.parsed.Rules {
			l.defined = append(l.defined, staticPath(groundRef(r.Ref().GroundPrefix())[1:]))
		}
	}
	return l
}

// dir is the directory of a module below the root.
func (l *library) dir(m *module) string { return path.Dir(rel(l.source.Root, m.file.Path)) }

// suites are the directories that hold tests, in order.
func (l *library) suites() []*suite {
	byDir := map[string]*suite{}
	for _, m := range l.modules {
		if !slices.ContainsFunc(m.parsed.Rules, isTestRule) {
			continue
		}
		dir := l.dir(m)
		if byDir[dir] == nil {
			byDir[dir] = &suite{dir: dir, library: l}
		}
		byDir[dir].own = append(byDir[dir].own, m)
	}
	var out []*suite
	for _, dir := range slices.Sorted(maps.Keys(byDir)) {
		out = append(out, byDir[dir])
	}
	return out
}

func isTestRule(r *ast.Rule) bool {
	return slices.ContainsFunc(r.Head.Ref().GroundPrefix(), func(t *ast.Term) bool {
		return strings.HasPrefix(segment(t), "test_") || strings.HasPrefix(segment(t), "todo_test_")
	})
}

// load compiles the suite with the smallest surrounding that answers all its references: its own directory as `opa test DIR`
// would see it, then each parent, then the whole library, and at last the tests of other suites too, for mocks that are shared.
func (s *suite) load() error {
	var wholeErr error
	for top := s.dir; ; top = path.Dir(top) {
		complete, err := s.try(s.within(top))
		if complete {
			return nil
		}
		wholeErr = err
		if top == "." {
			break
		}
	}
	if _, err := s.try(s.library.modules); err == nil || s.compiler != nil {
		return nil
	}
	return wholeErr
}

// within selects the policies below top and in the directories above it, and the suite's own tests.
func (s *suite) within(top string) []*module {
	var out []*module
	for _, m := range s.library.modules {
		dir := s.library.dir(m)
		if isTest(m.file.Path) && dir != s.dir {
			continue
		}
		if below(dir, top) || below(top, dir) {
			out = append(out, m)
		}
	}
	return out
}

// below reports whether dir is top or is in it.
func below(dir, top string) bool {
	return top == "." || dir == top || strings.HasPrefix(dir, top+"/")
}

// try compiles modules and keeps the result. It reports whether nothing is missing that another file of the library has.
func (s *suite) try(modules []*module) (complete bool, err error) {
	compiler, use, err := compile(modules, newTestCompiler)
	if err != nil {
		return false, err
	}
	read := dataRead(compiler)
	data, err := s.data(read)
	if err != nil {
		return false, err
	}
	s.compiler, s.modules, s.store = compiler, use, newStore(data)
	here := newLibrary(s.library.source, modules).defined
	return !slices.ContainsFunc(read, func(at []string) bool {
		return !here.touch(at) && s.library.defined.touch(at) && !has(data, at)
	}), nil
}

func newTestCompiler() *ast.Compiler { return newCompiler().WithEnablePrintStatements(true) }

// data is the data document of the suite. A data file is found from the root, as in judgement, and from each directory
// between the root and the suite, as if the tests were run there; the nearest wins.
func (s *suite) data(read paths) (map[string]any, error) {
	data := map[string]any{}
	for top := s.dir; ; top = path.Dir(top) {
		var files []dataFile
		for _, f := range s.library.source.dataFiles() {
			p := rel(s.library.source.Root, f.Path)
			if below(path.Dir(p), top) {
				f.at = segments(path.Dir(rel(top, p)))
				files = append(files, f)
			}
		}
		found, err := mount(files, read)
		if err != nil {
			return nil, err
		}
		fill(data, found)
		if top == "." {
			return data, nil
		}
	}
}

// fill adds what dst does not have.
func fill(dst, src map[string]any) {
	for key, value := range src {
		old, exists := dst[key]
		if !exists {
			dst[key] = value
			continue
		}
		oldObject, ok1 := old.(map[string]any)
		newObject, ok2 := value.(map[string]any)
		if ok1 && ok2 {
			fill(oldObject, newObject)
		}
	}
}

// has reports whether data answers a path.
func has(data map[string]any, at []string) bool {
	for _, key := range at {
		value, found := data[key]
		if !found {
			return false
		}
		object, ok := value.(map[string]any)
		if !ok {
			return true
		}
		data = object
	}
	return true
}

// Test runs the tests below dir: the rules test_… (todo_test_… are skipped) of the _test.rego files, and of other policies.
// The tests of each directory are a suite. Suites that do not share mocks (data files, packages) stay apart: a suite sees
// the policies of its own directory and of those above it; when these refer to others, all policies of dir; and the tests
// of other directories only when it refers to them. What cannot be parsed or compiled is an errored case of its file. The
// error is for a dir that cannot be read and for an ended ctx; a dir without tests gives an empty report.
func Test(ctx context.Context, dir string) (TestReport, error) {
	source := ReadDir("", dir)
	if source.Err != nil {
		return TestReport{}, source.Err
	}
	var cases []TestCase
	var modules []*module
	for _, f := range source.Files {
		if !isRego(f.Path) {
			continue
		}
		m, err := parse(f)
		if err != nil {
			cases = append(cases, TestCase{File: f.Path, Status: "error", Message: err.Error()})
			continue
		}
		modules = append(modules, m)
	}
	ctx, done := heap.watch(ctx)
	defer done()
	for _, s := range newLibrary(source, modules).suites() {
		found, err := s.run(ctx)
		if err != nil {
			return TestReport{}, fmt.Errorf("test %s: %w", path.Join(source.Root, s.dir), err)
		}
		cases = append(cases, found...)
	}
	return report(cases), context.Cause(ctx)
}
