package policy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// gaps finds the data that rules read and nobody gives. Such a reference is undefined, so that the rule would say nothing
// about anything: the data directory of conftest is not here, or a name is misspelled.
type gaps struct {
	compiler *ast.Compiler
	data     map[string]any
	source   Source
	texts    map[string][]byte

	known map[*ast.Rule]dataUse
	found map[string]Result // by place; every rule that reads it gives the same result
}

// dataUse is what one rule does with data, without the rules that it uses.
type dataUse struct {
	reads    []dataReference
	replaced paths // by `with`
}

type dataReference struct {
	at  []string
	loc *ast.Location
}

func newGaps(c *ast.Compiler, data map[string]any, s Source, texts map[string][]byte) *gaps {
	return &gaps{c, data, s, texts, map[*ast.Rule]dataUse{}, map[string]Result{}}
}

// of returns a result for every place that a rule reads, itself or through what it uses, and nobody gives.
func (g *gaps) of(r *rule) []Result {
	var all dataUse
	seen := map[*ast.Rule]bool{}
	var follow func(*ast.Rule)
	follow = func(d *ast.Rule) {
		if d == nil || seen[d] {
			return
		}
		seen[d] = true
		use := g.use(d)
		all.reads, all.replaced = append(all.reads, use.reads...), append(all.replaced, use.replaced...)
		follow(d.Else)
		for used := range g.compiler.Graph.Dependencies(d) {
			follow(used.(*ast.Rule))
		}
	}
	for _, d := range r.definitions {
		follow(d)
	}
	slices.SortFunc(all.reads, func(a, b dataReference) int { return a.loc.Compare(b.loc) })
	found := map[string]Result{}
	for _, read := range all.reads {
		if at, level := g.missing(read.at); at != nil && !all.replaced.touch(at) {
			found[strings.Join(at, "\x00")] = g.result(at, level, read.loc)
		}
	}
	var results []Result
	for _, place := range slices.Sorted(maps.Keys(found)) {
		results = append(results, found[place])
	}
	return results
}

// use reads one definition, without its else.
func (g *gaps) use(d *ast.Rule) dataUse {
	if use, ok := g.known[d]; ok {
		return use
	}
	var use dataUse
	var visitor *ast.GenericVisitor
	visitor = ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case *ast.With:
			if target, ok := x.Target.Value.(ast.Ref); ok && target[0].Equal(ast.DefaultRootDocument) {
				use.replaced = append(use.replaced, staticPath(target[1:]))
			}
			visitor.Walk(x.Value)
			return true
		case *ast.Term:
			if ref, ok := x.Value.(ast.Ref); ok && isBase(g.compiler, ref) {
				use.reads = append(use.reads, dataReference{staticPath(ref[1:]), cmp.Or(x.Location, d.Location)})
			}
		}
		return false
	})
	visitor.Walk(d.Head)
	visitor.Walk(d.Body)
	g.known[d] = use
	return use
}

// missing returns the first part of a place that neither a policy nor a data file gives, nil when there is none. What data
// files give of a package may be optional, so that a gap beside it is only a warning; what is below a document that a file
// gives is the file's affair.
func (g *gaps) missing(at []string) (place []string, level string) {
	n := 0 // how far packages and rules lead
	for n < len(at) && len(g.compiler.GetRulesWithPrefix(dataRef(at[:n+1]))) > 0 {
		n++
	}
	switch {
	case n == len(at) || has(g.data, at[:n+1]):
		return nil, ""
	case n > 0 && has(g.data, at[:n]):
		return at[:n+1], "warn"
	}
	return at[:n+1], "error"
}

func dataRef(at []string) ast.Ref {
	ref := ast.Ref{ast.DefaultRootDocument}
	for _, name := range at {
		ref = append(ref, ast.StringTerm(name))
	}
	return ref
}

func (g *gaps) result(at []string, level string, loc *ast.Location) Result {
	place := strings.Join(at, "\x00")
	if known, ok := g.found[place]; ok {
		return known
	}
	content := "…"
	for _, name := range slices.Backward(at) {
		content = fmt.Sprintf("{%q: %s}", name, content)
	}
	message := fmt.Sprintf("reads data.%s, which no policy and no data file gives, so that it is undefined; correct the name, or put a JSON or YAML file with %s into %s",
		strings.Join(at, "."), content, cmp.Or(g.source.Root, "the directory of the policies"))
	g.found[place] = Result{Policy: g.source.Name, Level: level, Message: placed(loc, "", message, g.texts)}
	return g.found[place]
}
