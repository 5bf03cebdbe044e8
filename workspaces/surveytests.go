package workspaces

import (
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

const testSyntax = ".tftest"

// isTestFile reports whether an engine's test command would load a file of this name.
func isTestFile(name string) bool {
	name, ok := strings.CutSuffix(name, ".hcl")
	if !ok {
		name, ok = strings.CutSuffix(name, ".json")
	}
	return ok && (strings.HasSuffix(name, ".tftest") || strings.HasSuffix(name, ".tofutest"))
}

// testRuns reads run { module { source = "…" } } of a test file as calls.
func (f *sourceFile) testRuns(body hcl.Body) {
	content, _, _ := body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "run", LabelNames: []string{"name"}}}})
	for _, run := range content.Blocks {
		inner, _, _ := run.Body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "module"}}})
		for _, b := range inner.Blocks {
			b.Labels = run.Labels
			f.call(b)
		}
	}
}

// recordTest finds the helper modules that a test file calls. Their paths are relative to the module under test, which is
// where the file is or the directory above.
func (s *survey) recordTest(file string) {
	at, err := s.v.follow(file)
	if err != nil || at.entry.Mode != File && at.entry.Mode != Executable {
		return
	}
	f, err := loadSourceFile(path.Base(file), at.entry.ID, func() ([]byte, error) { return s.v.tree.Read(at.path) })
	if err != nil {
		return
	}
	bases := []string{path.Dir(file), path.Dir(path.Dir(file))}
	if !s.v.holdsEngineFiles(bases[0]) {
		slices.Reverse(bases)
	}
	for _, c := range f.calls {
		for _, base := range bases {
			called, ok := c.local(base)
			if !ok {
				break
			}
			at, err := s.v.follow(called)
			if err != nil || at.entry.Mode != Dir || !s.v.holdsEngineFiles(at.path) {
				continue
			}
			if at.path != base {
				s.testedBy[at.path] = follows(s.testedBy[at.path], file)
			}
			break
		}
	}
}
