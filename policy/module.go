package policy

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// module is one parsed Rego file.
type module struct {
	file   File
	parsed *ast.Module
	older  *ast.Module // the same file as Rego v0, nil when parsed is that or when it does not parse so
}

// parse reads a Rego file as v1, then as v0.
func parse(f File) (*module, error) {
	v1, errV1 := parseAs(f, ast.RegoV1)
	v0, errV0 := parseAs(f, ast.RegoV0)
	switch {
	case errV1 == nil && errV0 == nil:
		return &module{file: f, parsed: v1, older: v0}, nil
	case errV1 == nil:
		return &module{file: f, parsed: v1}, nil
	case errV0 == nil:
		return &module{file: f, parsed: v0}, nil
	}
	return nil, bothErrors(f, errV1, errV0)
}

func parseAs(f File, version ast.RegoVersion) (*ast.Module, error) {
	opts := ast.ParserOptions{RegoVersion: version, ProcessAnnotation: true}
	m, err := ast.ParseModuleWithOpts(f.Path, string(f.Data), opts)
	if err == nil && m == nil {
		err = errors.New("empty module")
	}
	return m, err
}

// bothErrors tells the error of the version that understood more of the file, and that of the other in short.
func bothErrors(f File, errV1, errV0 error) error {
	text := map[string][]byte{f.Path: f.Data}
	first, second, name, other := errV1, errV0, "v1", "v0"
	if firstRow(errV0) > firstRow(errV1) {
		first, second, name, other = errV0, errV1, "v0", "v1"
	}
	one, two := explain(first, text), explain(second, text)
	if one[0] == two[0] {
		return errors.New(one[0])
	}
	at, _, _ := strings.Cut(two[0], "\n")
	return fmt.Errorf("%s\n(read as Rego %s; as Rego %s: %s)", one[0], name, other, at)
}

// outside are the built-in functions that reach beyond the document that is judged.
var outside = []string{"http.send", "net.lookup_ip_addr", "opa.runtime"}

// unbounded are the built-in functions that take unbounded time and memory for a small argument and cannot be stopped.
var unbounded = []string{"graph.reachable_paths", "strings.render_template"}

func newCompiler() *ast.Compiler {
	may := ast.CapabilitiesForThisVersion()
	may.Builtins = slices.DeleteFunc(may.Builtins, func(b *ast.Builtin) bool {
		return slices.Contains(outside, b.Name) || slices.Contains(unbounded, b.Name)
	})
	may.AllowNet = []string{} // nor may a JSON schema be fetched
	return ast.NewCompiler().WithCapabilities(may)
}

// compile compiles modules of both versions side by side. A file that is correct Rego v0 and whose syntax happens to be
// v1 as well, but which v1 rejects (a function that it no longer has), is compiled as v0. The modules in use are returned.
func compile(modules []*module, newCompiler func() *ast.Compiler) (*ast.Compiler, map[string]*ast.Module, error) {
	use := map[string]*ast.Module{}
	older := map[string]*ast.Module{}
	for _, m := range modules {
		use[m.file.Path] = m.parsed
		if m.older != nil {
			older[m.file.Path] = m.older
		}
	}
	var first ast.Errors
	for {
		c := newCompiler()
		c.Compile(use)
		if !c.Failed() {
			return c, use, nil
		}
		if first == nil {
			first = c.Errors
		}
		changed := false
		for _, e := range c.Errors {
			if e.Location == nil || older[e.Location.File] == nil {
				continue
			}
			use[e.Location.File], changed = older[e.Location.File], true
			delete(older, e.Location.File)
		}
		if !changed {
			return nil, nil, first
		}
	}
}

// texts are the contents of the modules' files, to show lines of them.
func texts(modules []*module) map[string][]byte {
	out := map[string][]byte{}
	for _, m := range modules {
		out[m.file.Path] = m.file.Data
	}
	return out
}

// sortedModules are the modules of a compiler in the order of their paths.
func sortedModules(c *ast.Compiler) []*ast.Module {
	var out []*ast.Module
	for _, name := range slices.Sorted(maps.Keys(c.Modules)) {
		out = append(out, c.Modules[name])
	}
	return out
}

// parseAll parses the Rego files that want selects and returns what could be parsed and what could not.
func parseAll(files []File, want func(path string) bool) (modules []*module, errs []error) {
	seen := map[string]bool{}
	for _, f := range files {
		if !isRego(f.Path) || !want(f.Path) {
			continue
		}
		if seen[f.Path] {
			errs = append(errs, fmt.Errorf("%s: the file is given twice", path.Clean(f.Path)))
			continue
		}
		seen[f.Path] = true
		m, err := parse(f)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		modules = append(modules, m)
	}
	return modules, errs
}
