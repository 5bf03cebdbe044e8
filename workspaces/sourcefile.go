package workspaces

import (
	"fmt"
	"path"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// sourceFile is what one file of a module says, as far as this package needs it. It is immutable and names no path, so
// that one parse serves every directory and commit that hold the same blob.
type sourceFile struct {
	problems  []located
	calls     []call
	required  []located         // required_version
	providers map[string]string // local name → source and version
	implied   []string          // local names of providers that resources and data sources use
	backend   *backendBlock
	provider  bool            // has a provider block
	declares  []string        // kinds of blocks that manage something
	variables map[string]bool // name → has a default
	paths     []pathRef
	lines     map[string]int // address within the module → where its block begins
	size      int            // in bytes
}

type located struct {
	line int
	text string
}

// call is a module block.
type call struct {
	name, source, version string
	literal               bool // the source is a literal
	line                  int

	// Set by the module:
	file string
	dir  string // that it names by a relative path; "" = none
}

type backendBlock struct {
	kind    string // "cloud" for a cloud block
	config  map[string]string
	literal bool   // all of config is literal
	text    string // as written
	line    int

	// Set by the module:
	file     string
	override bool // an engine reads it after all files that are no overrides
}

// sourceFiles remembers parsed files by content: the id of the blob and the syntax. Its size bounds the memory.
var sourceFiles = func() *lru.Cache[string, *sourceFile] {
	cache, err := lru.New[string, *sourceFile](1 << 16)
	if err != nil {
		panic(err)
	}
	return cache
}()

const maxCachedFile = 512 << 10 // bytes; parsed, they are four times as many

// loadSourceFile parses a blob, or returns what an earlier parse of the same blob found.
func loadSourceFile(name, blob string, read func() ([]byte, error)) (*sourceFile, error) {
	syntax := ".tf"
	if isTestFile(name) {
		syntax = testSyntax + ".hcl"
	}
	if path.Ext(name) == ".json" {
		syntax = strings.TrimSuffix(syntax, ".hcl") + ".json"
	}
	key := blob + syntax
	if f, ok := sourceFiles.Get(key); ok {
		return f, nil
	}
	src, err := read()
	if err != nil {
		return nil, err
	}
	f := parseSourceFile(syntax, src)
	f.size = len(src)
	if len(src) <= maxCachedFile {
		sourceFiles.Add(key, f)
	}
	return f, nil
}

var moduleSchema = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
	{Type: "terraform"}, {Type: "module", LabelNames: []string{"name"}}, {Type: "provider", LabelNames: []string{"name"}},
	{Type: "variable", LabelNames: []string{"name"}}, {Type: "output", LabelNames: []string{"name"}},
	{Type: "resource", LabelNames: []string{"type", "name"}}, {Type: "data", LabelNames: []string{"type", "name"}},
	{Type: "ephemeral", LabelNames: []string{"type", "name"}}, {Type: "import"}, {Type: "removed"},
	{Type: "check", LabelNames: []string{"name"}},
}}

// parseSourceFile reads a file of a module. It keeps what can be read of a file with errors.
func parseSourceFile(name string, src []byte) *sourceFile {
	f := &sourceFile{providers: map[string]string{}, variables: map[string]bool{}, lines: map[string]int{}}
	file, diags := parseHCL(name, src)
	f.note(diags)
	if file == nil || file.Body == nil {
		f.salvage(src)
		return f
	}
	if strings.HasPrefix(name, testSyntax) {
		f.testRuns(file.Body)
		return f
	}
	content, _, _ := file.Body.PartialContent(moduleSchema)
	for _, b := range content.Blocks {
		f.block(b, src)
	}
	if len(f.problems) > 0 {
		f.salvage(src)
	}
	f.paths = findPaths(file.Body, src)
	return f
}

func (f *sourceFile) note(diags hcl.Diagnostics) {
	for _, d := range diags {
		if d.Severity != hcl.DiagError || len(f.problems) == 3 { // the others mostly follow from the first
			continue
		}
		line := 0
		if d.Subject != nil {
			line = d.Subject.Start.Line
		}
		f.problems = append(f.problems, located{line, strings.Clone(strings.TrimSuffix(d.Summary+": "+d.Detail, "."))})
	}
}

func (f *sourceFile) block(b *hcl.Block, src []byte) {
	if address := addressOf(b); address != "" && f.lines[address] == 0 {
		f.lines[address] = b.DefRange.Start.Line
	}
	switch b.Type {
	case "terraform":
		f.settings(b.Body, src)
	case "provider":
		f.provider = true
		f.implied = append(f.implied, b.Labels[0])
	case "module":
		f.declares = append(f.declares, b.Type)
		f.call(b)
	case "variable":
		content, _, _ := b.Body.PartialContent(attributesNamed("default"))
		f.variables[b.Labels[0]] = f.variables[b.Labels[0]] || content.Attributes["default"] != nil
	case "resource", "data", "ephemeral":
		f.declares = append(f.declares, b.Type)
		f.implied = append(f.implied, providerOf(b))
	default:
		f.declares = append(f.declares, b.Type)
	}
}

func attributesNamed(names ...string) *hcl.BodySchema {
	s := &hcl.BodySchema{}
	for _, n := range names {
		s.Attributes = append(s.Attributes, hcl.AttributeSchema{Name: n})
	}
	return s
}

// providerOf returns the local name of a resource's provider: its provider argument, or the first word of its type.
func providerOf(b *hcl.Block) string {
	content, _, _ := b.Body.PartialContent(attributesNamed("provider"))
	if a := content.Attributes["provider"]; a != nil {
		if t, diags := hcl.AbsTraversalForExpr(a.Expr); !diags.HasErrors() {
			return t.RootName()
		}
	}
	name, _, _ := strings.Cut(b.Labels[0], "_")
	return name
}

func (f *sourceFile) call(b *hcl.Block) {
	content, _, _ := b.Body.PartialContent(attributesNamed("source", "version"))
	c := call{name: b.Labels[0], line: b.DefRange.Start.Line, literal: true}
	if a := content.Attributes["source"]; a != nil {
		c.source, c.literal = literal(a.Expr)
	}
	if a := content.Attributes["version"]; a != nil {
		c.version, _ = literal(a.Expr)
	}
	f.calls = append(f.calls, c)
}

// settings reads a terraform block.
func (f *sourceFile) settings(body hcl.Body, src []byte) {
	schema := attributesNamed("required_version")
	schema.Blocks = []hcl.BlockHeaderSchema{{Type: "required_providers"}, {Type: "backend", LabelNames: []string{"type"}}, {Type: "cloud"}}
	content, _, _ := body.PartialContent(schema)
	if a := content.Attributes["required_version"]; a != nil {
		if s, ok := literal(a.Expr); ok {
			f.required = append(f.required, located{a.Range.Start.Line, s})
		}
	}
	for _, b := range content.Blocks {
		switch b.Type {
		case "required_providers":
			f.requiredProviders(b.Body)
		case "backend":
			f.backend = readBackend(b.Labels[0], b, src)
		case "cloud":
			f.backend = readBackend("cloud", b, src)
		}
	}
}

// requiredProviders reads name = { source, version } and the older name = "version".
func (f *sourceFile) requiredProviders(body hcl.Body) {
	attrs, _ := body.JustAttributes()
	for name, a := range attrs {
		if version, ok := literal(a.Expr); ok {
			f.providers[name] = fmt.Sprintf("source=%q version=%q", "", version)
			continue
		}
		fields := map[string]string{}
		pairs, _ := hcl.ExprMap(a.Expr)
		for _, p := range pairs {
			key := hcl.ExprAsKeyword(p.Key)
			if key == "" {
				key, _ = literal(p.Key)
			}
			fields[key], _ = literal(p.Value)
		}
		f.providers[name] = fmt.Sprintf("source=%q version=%q", fields["source"], fields["version"])
	}
}

func readBackend(kind string, b *hcl.Block, src []byte) *backendBlock {
	back := &backendBlock{kind: kind, config: map[string]string{}, literal: true, line: b.DefRange.Start.Line}
	attrs, _ := b.Body.JustAttributes()
	for name, a := range attrs {
		if s, ok := literal(a.Expr); ok {
			back.config[name] = s
		} else {
			back.literal = false
		}
	}
	if body, native := b.Body.(*hclsyntax.Body); native {
		back.text = string(body.SrcRange.SliceBytes(src))
		return back
	}
	for _, name := range sortedKeys(attrs) {
		back.text += name + "=" + string(attrs[name].Expr.Range().SliceBytes(src)) + "\n"
	}
	return back
}
