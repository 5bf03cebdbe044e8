package policy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/open-policy-agent/opa/v1/ast"
)

// read is a reference to a root of the input that no plan has. Such a reference is undefined, so that the rule would say
// nothing about anything: a policy for another document, or a misspelled one.
type read struct {
	root string // tfplan, or driftless.workspce
	loc  *ast.Location
}

// String says what is read and what was probably meant.
func (r read) String() string {
	text := strings.Replace(fmt.Sprintf("input.%s, which a plan does not have", r.root), "input.[", "input[", 1)
	if meant := meantRoot(r.root); meant != "" {
		return text + "; did you mean input." + meant + "?"
	}
	switch r.root {
	case combined:
		return text + "; nothing is combined here (conftest --combine), the plan is the input itself"
	case "tfplan", "plan", "plan_json", "terraform":
		return text + "; the plan is the input itself: input.resource_changes"
	case "run", "tfrun", "workspace", "workspaces":
		return text + "; input.driftless has workspace, run and change"
	case "resource", "resources", "module", "root_module", "values":
		return text + "; resources are in input.resource_changes and input.planned_values.root_module"
	}
	return text + "; keep policies for other documents in a directory of their own"
}

// combined is what policies for conftest --combine read: one document for each file.
const combined = "[_].contents"

// meantRoot is the known root that a misspelled one is close to.
func meantRoot(root string) string {
	known, prefix := append(slices.Clone(planRoots), "driftless"), ""
	if below, ok := strings.CutPrefix(root, "driftless."); ok {
		known, prefix, root = driftlessRoots, "driftless.", below
	}
	nearest := slices.MinFunc(known, func(a, b string) int {
		return cmp.Or(levenshtein.ComputeDistance(root, a)-levenshtein.ComputeDistance(root, b), cmp.Compare(a, b))
	})
	if levenshtein.ComputeDistance(root, nearest) > max(2, len(root)/5) || len(root) < 4 {
		return ""
	}
	return prefix + nearest
}

// rootReader follows rules to what they read, through the rules and functions that they use.
type rootReader struct {
	compiler *ast.Compiler
	done     map[string][]read              // by the path of the rule
	names    map[*ast.Rule]map[ast.Var]bool // variables that are the input
}

func newRootReader(c *ast.Compiler) *rootReader {
	return &rootReader{compiler: c, done: map[string][]read{}, names: map[*ast.Rule]map[ast.Var]bool{}}
}

// of returns what a rule that judges reads, each root once.
func (rr *rootReader) of(r *rule) []read {
	var all []read
	for _, d := range r.definitions {
		for link := d; link != nil; link = link.Else {
			all = append(all, rr.branch(link)...)
		}
	}
	return eachOnce(all)
}

// helper returns what a rule used by others reads. When a definition of it, or an else, does without unknown roots, the
// others are alternatives for other documents (plan := input.tfplan, else input): only misspelled roots count then.
func (rr *rootReader) helper(definitions []*ast.Rule) []read {
	path := definitions[0].Ref().String()
	if reads, ok := rr.done[path]; ok {
		return reads
	}
	rr.done[path] = nil // a dynamic reference may lead back here
	var all []read
	alternative := false
	for _, d := range definitions {
		for link := d; link != nil; link = link.Else {
			reads := rr.branch(link)
			alternative = alternative || (len(reads) == 0 && !link.Default)
			all = append(all, reads...)
		}
	}
	if alternative {
		all = slices.DeleteFunc(all, func(r read) bool { return meantRoot(r.root) == "" })
	}
	rr.done[path] = eachOnce(all)
	return rr.done[path]
}

// branch returns what one definition reads, without its else.
func (rr *rootReader) branch(link *ast.Rule) []read {
	var all []read
	aliases := rr.aliases(link)
	visit := func(x any) bool {
		switch x := x.(type) {
		case *ast.Expr:
			return replacesInput(x)
		case *ast.Term:
			if ref, ok := x.Value.(ast.Ref); ok {
				all = append(all, rr.reference(ref, aliases, cmp.Or(x.Location, link.Location))...)
			}
		}
		return false
	}
	ast.NewGenericVisitor(visit).Walk(link.Head)
	ast.NewGenericVisitor(visit).Walk(link.Body)
	return all
}

// replacesInput reports an expression that is evaluated with another input.
func replacesInput(e *ast.Expr) bool {
	return slices.ContainsFunc(e.With, func(w *ast.With) bool {
		target, ok := w.Target.Value.(ast.Ref)
		return ok && target[0].Equal(ast.InputRootDocument)
	})
}

// reference returns what one reference reads.
func (rr *rootReader) reference(ref ast.Ref, aliases map[ast.Var]bool, loc *ast.Location) []read {
	if n := rr.inputLength(ref, aliases); n > 0 {
		if root := unknownRoot(ref[n:]); root != "" {
			return []read{{root, loc}}
		}
	}
	if !ref[0].Equal(ast.DefaultRootDocument) {
		return nil
	}
	groups := map[string][]*ast.Rule{}
	for _, used := range rr.compiler.GetRulesDynamicWithOpts(ref, ast.RulesOptions{}) {
		path := used.Ref().String()
		groups[path] = append(groups[path], used)
	}
	var all []read
	for _, path := range slices.Sorted(maps.Keys(groups)) {
		all = append(all, rr.helper(groups[path])...)
	}
	return all
}

// inputLength is the length of the part of a reference that is the input itself: input, a variable or a rule that is
// another name for it. It is 0 when the reference is about something else.
func (rr *rootReader) inputLength(ref ast.Ref, aliases map[ast.Var]bool) int {
	if name, ok := ref[0].Value.(ast.Var); ok && (ref[0].Equal(ast.InputRootDocument) || aliases[name]) {
		return 1
	}
	if !ref[0].Equal(ast.DefaultRootDocument) {
		return 0
	}
	for _, r := range rr.compiler.GetRulesForVirtualDocument(ref) {
		if len(r.Head.Args) == 0 && len(r.Ref()) <= len(ref) && rr.isInput(r.Head.Value, rr.aliases(r)) {
			return len(r.Ref())
		}
	}
	return 0
}

// isInput reports whether a term is the whole input.
func (rr *rootReader) isInput(term *ast.Term, aliases map[ast.Var]bool) bool {
	if term == nil {
		return false
	}
	switch v := term.Value.(type) {
	case ast.Var:
		return aliases[v] || term.Equal(ast.InputRootDocument)
	case ast.Ref:
		return len(v) == rr.inputLength(v, aliases)
	}
	return false
}

// aliases are the local variables of a rule that are other names for the input.
func (rr *rootReader) aliases(link *ast.Rule) map[ast.Var]bool {
	if known, ok := rr.names[link]; ok {
		return known
	}
	found := map[ast.Var]bool{}
	rr.names[link] = found
	ast.WalkExprs(link.Body, func(e *ast.Expr) bool {
		if !e.IsEquality() && !e.IsAssignment() {
			return false
		}
		a, b := e.Operand(0), e.Operand(1)
		for _, pair := range [][2]*ast.Term{{a, b}, {b, a}} {
			if name, ok := pair[0].Value.(ast.Var); ok && rr.isInput(pair[1], found) {
				found[name] = true
			}
		}
		return false
	})
	return found
}

// unknownRoot is the root that the rest of a reference names, when no plan has it.
func unknownRoot(rest ast.Ref) string {
	path := staticPath(rest)
	switch {
	case len(path) == 0 && len(rest) > 1 && rest[1].Equal(ast.StringTerm("contents")):
		return combined
	case len(path) == 0 || slices.Contains(planRoots, path[0]):
		return ""
	case path[0] != "driftless":
		return path[0]
	case len(path) == 1 || slices.Contains(driftlessRoots, path[1]):
		return ""
	}
	return path[0] + "." + path[1]
}

// eachOnce keeps the first place of every root.
func eachOnce(reads []read) []read {
	slices.SortStableFunc(reads, func(a, b read) int {
		return cmp.Or(cmp.Compare(a.root, b.root), a.loc.Compare(b.loc))
	})
	return slices.CompactFunc(reads, func(a, b read) bool { return a.root == b.root })
}
