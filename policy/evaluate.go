package policy

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// Evaluate judges one plan. The plan is converted once, whatever the number of policies. An input that is not a plan, a rule
// that fails and an ended ctx make the verdict an Error; a set without sources passes everything.
func (s *Set) Evaluate(ctx context.Context, in Input) Verdict {
	if len(s.sources) == 0 {
		return verdict(nil)
	}
	var results []Result
	count := 0
	doc, err := newDocument(in)
	if err != nil {
		results = append(results, Result{Level: "error", Message: err.Error()})
	}
	ctx, done := s.heap.watch(ctx) // not before the plan is converted: a plan may be big
	defer done()
	for _, source := range s.sources {
		results = append(results, source.broken...)
		if doc == nil {
			continue
		}
		e := &evaluation{source: source, document: doc, cache: topdown.NewVirtualCache()}
		for _, x := range source.exceptions {
			results = append(results, e.unknowns(x)...) // an exception that holds without them would excuse in silence
		}
		for _, r := range source.rules {
			if ctx.Err() != nil {
				break
			}
			results = append(results, e.judge(ctx, r)...)
			count += r.defined()
		}
		results = append(results, e.uncomputed.results(source.texts)...)
	}
	if ctx.Err() != nil {
		message := fmt.Sprintf("stopped before all policies had judged: %s", context.Cause(ctx))
		results = append(results, Result{Level: "error", Message: message})
	}
	v := verdict(results)
	v.Revision, v.Policies = s.revision, count
	return v
}

// evaluation is one source judging one document. Rules share what helper rules gave.
type evaluation struct {
	source     *compiled
	document   *document
	cache      topdown.VirtualCache
	excused    map[string][]string // rule names by package
	uncomputed uncomputed
}

func (e *evaluation) judge(ctx context.Context, r *rule) []Result {
	out := &shapes{rule: r, policy: e.policy(r.space), addresses: e.document.addresses}
	excused, err := e.exceptions(ctx, r)
	if excused {
		return nil
	}
	out.results = e.unknowns(r)
	var value any
	var found bool
	if err == nil {
		value, found, err = e.ask(ctx, r.query, out.policy)
	}
	if err != nil {
		message := fmt.Sprintf("evaluate %s: %s", r, explain(err, e.source.texts)[0])
		return append(out.results, Result{Policy: out.policy, Level: "error", Message: message})
	}
	if found {
		out.read(value, r.keyed)
	}
	return out.results
}

// unknowns are the results for a rule that reads what neither this plan nor any other has, or data that nobody gives.
func (e *evaluation) unknowns(r *rule) (results []Result) {
	for _, read := range r.reads {
		if _, exists := e.document.roots[read.root]; exists {
			continue
		}
		message := placed(read.loc, "", fmt.Sprintf("%s reads %s", r, read), e.source.texts)
		results = append(results, Result{Policy: e.policy(r.space), Level: "error", Message: message})
	}
	return append(results, r.gaps...)
}

// policy is how results name a package of the source.
func (e *evaluation) policy(space string) string {
	if e.source.name == "" {
		return space
	}
	return e.source.name + "/" + space
}

// exceptions reports whether an exception of the rule's package excuses the rule.
func (e *evaluation) exceptions(ctx context.Context, r *rule) (bool, error) {
	i := slices.IndexFunc(e.source.exceptions, func(x *rule) bool { return x.space == r.space })
	if i < 0 {
		return false, nil
	}
	names, done := e.excused[r.space]
	if !done {
		value, _, err := e.ask(ctx, e.source.exceptions[i].query, e.policy(r.space))
		if err != nil {
			return false, fmt.Errorf("exception: %w", err)
		}
		names = exceptionsIn(value)
		if e.excused == nil {
			e.excused = map[string][]string{}
		}
		e.excused[r.space] = names
	}
	return slices.ContainsFunc(r.exceptionNames(), func(n string) bool { return slices.Contains(names, n) }), nil
}

// exceptionsIn collects exception[_][_], as conftest asks for it.
func exceptionsIn(value any) (names []string) {
	for _, inner := range elements(value) {
		for _, name := range elements(inner) {
			if s, ok := name.(string); ok {
				names = append(names, s)
			}
		}
	}
	return names
}

func elements(value any) (out []any) {
	switch v := value.(type) {
	case []any:
		return v
	case map[string]any:
		for _, element := range v {
			out = append(out, element)
		}
	}
	return out
}

// answer is what came of one query.
type answer struct {
	results rego.ResultSet
	failed  []topdown.Error // calls of built-in functions
}

// ask evaluates one query of a policy; found is false when its value is undefined.
func (e *evaluation) ask(ctx context.Context, q rego.PreparedEvalQuery, policy string) (value any, found bool, err error) {
	cache := e.cache
	got, err := within(ctx, func() (a answer, err error) {
		a.results, err = q.Eval(ctx, rego.EvalParsedInput(e.document.value), rego.EvalVirtualCache(cache), rego.EvalBuiltinErrorList(&a.failed))
		return a, err
	})
	e.uncomputed.add(policy, got.failed)
	if err != nil {
		// A query that stopped half-way may leave frames of a `with` behind.
		e.cache = topdown.NewVirtualCache()
		if topdown.IsCancel(err) {
			err = fmt.Errorf("stopped: %w", cmp.Or(context.Cause(ctx), err))
		}
		return nil, false, err
	}
	if len(got.results) == 0 || len(got.results[0].Expressions) == 0 {
		return nil, false, nil
	}
	return got.results[0].Expressions[0].Value, true, nil
}
