package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
)

// rule is a rule that judges, or the exception of a package: all definitions of one name in one package.
type rule struct {
	ref         ast.Ref // data.main.deny_public
	name        string  // deny_public
	level       string  // deny
	space       string  // the package, without data
	keyed       bool    // its value is an object of a rule such as deny[key]
	definitions []*ast.Rule
	reads       []read   // of roots that no plan has
	gaps        []Result // for data that it reads and nobody gives
	query       rego.PreparedEvalQuery
}

// judging are the names that conftest knows.
var judging = regexp.MustCompile(`^(deny|violation|warn)(_[a-zA-Z0-9]+)*$`)

func (r *rule) String() string { return fmt.Sprintf("rule %s of package %s", r.name, r.space) }

// place is where the rule is defined first.
func (r *rule) place() string {
	loc := r.definitions[0].Location
	if loc == nil {
		return r.ref.String()
	}
	return fmt.Sprintf("%s:%d", loc.File, loc.Row)
}

// defined counts the definitions; a default says nothing by itself.
func (r *rule) defined() (n int) {
	for _, d := range r.definitions {
		if !d.Default {
			n++
		}
	}
	return n
}

// rulesOf finds the rules that judge, in the order of their files.
func rulesOf(c *ast.Compiler) []*rule {
	var rules []*rule
	for _, m := range sortedModules(c) {
		for _, d := range m.Rules {
			r := judgingRule(d)
			if r == nil {
				continue
			}
			i := slices.IndexFunc(rules, func(other *rule) bool { return other.ref.Equal(r.ref) })
			if i < 0 {
				rules = append(rules, r)
				continue
			}
			rules[i].definitions = append(rules[i].definitions, d)
			rules[i].keyed = rules[i].keyed || r.keyed
		}
	}
	return rules
}

// exceptionsOf finds the exceptions of the packages whose rules judge.
func exceptionsOf(c *ast.Compiler, rules []*rule) (exceptions []*rule) {
	for _, r := range rules {
		ref := append(slices.Clip(r.ref[:len(r.ref)-1]), ast.StringTerm("exception"))
		definitions := c.GetRules(ref)
		if len(definitions) == 0 || slices.ContainsFunc(exceptions, func(x *rule) bool { return x.space == r.space }) {
			continue
		}
		exceptions = append(exceptions, &rule{ref: ref, name: "exception", space: r.space, definitions: definitions})
	}
	return exceptions
}

// judgingRule is the rule that one definition belongs to, or nil when it does not judge. A definition such as
// s3.deny contains msg is the rule deny of a package within its own.
func judgingRule(d *ast.Rule) *rule {
	if len(d.Head.Args) > 0 {
		return nil // a function
	}
	ref := d.Ref()
	for i := len(d.Module.Package.Path); i < len(ref); i++ {
		name := segment(ref[i])
		if name == "" {
			return nil
		}
		if judging.MatchString(name) {
			level, _, _ := strings.Cut(name, "_")
			space := strings.TrimPrefix(ref[:i].String(), "data.")
			return &rule{ref: groundRef(ref[:i+1]), name: name, level: level, space: space, keyed: len(ref) > i+1, definitions: []*ast.Rule{d}}
		}
	}
	return nil
}

// segment is the name of one part of a reference, "" when it is not a name.
func segment(term *ast.Term) string {
	switch v := term.Value.(type) {
	case ast.String:
		return string(v)
	case ast.Var:
		return string(v)
	}
	return ""
}

// groundRef copies a reference, so that appending to it is safe, with names as strings.
func groundRef(ref ast.Ref) ast.Ref {
	out := ast.Ref{ref[0]}
	for _, term := range ref[1:] {
		out = append(out, ast.StringTerm(segment(term)))
	}
	return out
}

// exceptionName is what an exception calls the rule.
func (r *rule) exceptionNames() []string {
	if short, found := strings.CutPrefix(r.name, r.level+"_"); found {
		return []string{short}
	}
	return []string{"", r.name} // conftest's documentation says the one, its code the other
}
