package workspaces

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// pathRef is a path in an expression of a module: the argument of a file function, a string that begins a path with
// path.module, path.root or path.cwd, or one that is a relative path by itself ("../src").
type pathRef struct {
	function string // file function, or "" for a string
	plain    bool   // a string that begins with ./ or ../
	module   bool   // relative to the module; else to where the engine is started, which is the root module
	path     string // the literal part
	complete bool   // path is all of it; else something computed follows
	suffix   string // the literal part behind what is computed
	computed bool   // nothing literal is known
	pattern  string // fileset: its pattern when it is literal
	line     int
}

// fileFunctions read the file that their first argument names.
var fileFunctions = map[string]bool{
	"file": true, "fileexists": true, "filebase64": true, "filemd5": true, "filesha1": true, "filesha256": true,
	"filesha512": true, "filebase64sha256": true, "filebase64sha512": true, "templatefile": true, "fileset": true,
}

// findPaths returns the paths in the expressions of a file.
func findPaths(body hcl.Body, src []byte) []pathRef {
	finder := &pathFinder{arguments: map[hclsyntax.Node]bool{}}
	if native, ok := body.(*hclsyntax.Body); ok {
		for _, b := range native.Blocks {
			if source := b.Body.Attributes["source"]; b.Type == "module" && source != nil {
				finder.arguments[source.Expr] = true // followed as a call
			}
		}
		_ = hclsyntax.Walk(native, finder)
		return finder.found
	}
	finder.json(src)
	return finder.found
}

type pathFinder struct {
	found     []pathRef
	arguments map[hclsyntax.Node]bool // strings that are arguments of file functions, and done with
}

// Enter implements hclsyntax.Walker.
func (f *pathFinder) Enter(n hclsyntax.Node) hcl.Diagnostics {
	switch n := n.(type) {
	case *hclsyntax.FunctionCallExpr:
		name := strings.TrimPrefix(n.Name, "core::")
		if fileFunctions[name] && len(n.Args) > 0 {
			f.argument(name, n)
		}
	case *hclsyntax.TemplateExpr:
		if !f.arguments[n] {
			f.mentions(n)
		}
	}
	return nil
}

// Exit implements hclsyntax.Walker.
func (f *pathFinder) Exit(hclsyntax.Node) hcl.Diagnostics { return nil }

func (f *pathFinder) argument(function string, call *hclsyntax.FunctionCallExpr) {
	pattern := ""
	if function == "fileset" && len(call.Args) > 1 {
		if p := f.read(call.Args[1]); len(p) == 1 && p[0].complete && !p[0].module {
			pattern = p[0].path
		}
	}
	for _, ref := range f.read(call.Args[0]) {
		ref.function, ref.pattern, ref.line = function, pattern, call.NameRange.Start.Line
		f.found = append(f.found, ref)
	}
}

// read returns the paths that an expression may be: several for a conditional.
func (f *pathFinder) read(e hclsyntax.Expression) []pathRef {
	f.arguments[e] = true
	switch e := e.(type) {
	case *hclsyntax.TemplateExpr:
		return []pathRef{readTemplate(e.Parts)}
	case *hclsyntax.TemplateWrapExpr:
		return f.read(e.Wrapped)
	case *hclsyntax.ParenthesesExpr:
		return f.read(e.Expression)
	case *hclsyntax.ConditionalExpr:
		return append(f.read(e.TrueResult), f.read(e.FalseResult)...)
	case *hclsyntax.FunctionCallExpr:
		if (e.Name == "abspath" || e.Name == "pathexpand") && len(e.Args) == 1 {
			return f.read(e.Args[0])
		}
	case *hclsyntax.ScopeTraversalExpr:
		return []pathRef{readTemplate([]hclsyntax.Expression{e})}
	}
	return []pathRef{{computed: true}}
}

// readTemplate reads the parts of a template as one path: path.module or the like, then literals.
func readTemplate(parts []hclsyntax.Expression) pathRef {
	ref := pathRef{complete: true}
	based := false
	for i, part := range parts {
		if base, ok := pathBase(part); ok && i == 0 {
			ref.module, based = base == "module", true
			continue
		}
		s, ok := stringLiteral(part)
		if !ok {
			ref.complete, ref.suffix = false, literalEnd(parts[i+1:])
			break
		}
		ref.path += s
	}
	ref.computed = !ref.complete && !based && ref.path == ""
	if based {
		ref.path = strings.TrimLeft(ref.path, "/")
	}
	return ref
}

// literalEnd returns the literal text at the end of a template.
func literalEnd(parts []hclsyntax.Expression) (text string) {
	for _, part := range slices.Backward(parts) {
		s, ok := stringLiteral(part)
		if !ok {
			break
		}
		text = s + text
	}
	return text
}

func isRelative(s string) bool {
	return strings.HasPrefix(s, "./") || strings.HasPrefix(s, "../") || s == ".."
}

func stringLiteral(e hclsyntax.Expression) (string, bool) {
	if _, ok := e.(*hclsyntax.LiteralValueExpr); !ok {
		return "", false
	}
	return literal(e)
}

// pathBase returns "module", "root" or "cwd" for path.module, path.root and path.cwd.
func pathBase(e hclsyntax.Expression) (string, bool) {
	t, ok := e.(*hclsyntax.ScopeTraversalExpr)
	if !ok || len(t.Traversal) != 2 || t.Traversal.RootName() != "path" {
		return "", false
	}
	attr, ok := t.Traversal[1].(hcl.TraverseAttr)
	return attr.Name, ok && (attr.Name == "module" || attr.Name == "root" || attr.Name == "cwd")
}

// mentions finds paths in any string: source_dir = "${path.module}/src", command = "sh ${path.module}/x.sh -v", "../src".
func (f *pathFinder) mentions(t *hclsyntax.TemplateExpr) {
	if len(t.Parts) == 0 {
		return
	}
	if s, ok := stringLiteral(t.Parts[0]); ok && isRelative(s) {
		ref := readTemplate(t.Parts)
		ref.plain, ref.line = true, t.SrcRange.Start.Line
		f.found = append(f.found, ref)
	}
	for i, part := range t.Parts {
		if _, ok := pathBase(part); !ok {
			continue
		}
		ref := readTemplate(t.Parts[i:])
		if i > 0 {
			if end := strings.IndexAny(ref.path, " \t\r\n\"'`;,:()|&<>"); end >= 0 {
				ref.path, ref.complete = ref.path[:end], true
			}
			ref.suffix = "" // of the whole string
		}
		if ref.path == "" && ref.complete {
			continue
		}
		ref.line = t.SrcRange.Start.Line
		f.found = append(f.found, ref)
	}
}
