package policy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/tester"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// TestReport is the outcome of a run of _test.rego files.
type TestReport struct {
	Passed, Failed, Errored, Skipped int
	Cases                            []TestCase
}

// TestCase is one test rule.
type TestCase struct {
	File    string `json:"file"`
	Package string `json:"package"`
	Name    string `json:"name"`
	Status  string `json:"status"` // pass, fail, error, skip
	Message string `json:"message,omitempty"`
}

// testTimeout bounds one test rule, which judges a small mock; it only ends what would never end.
const testTimeout = 5 * time.Minute

// report counts cases.
func report(cases []TestCase) TestReport {
	r := TestReport{Cases: cases}
	for _, c := range cases {
		switch c.Status {
		case "pass":
			r.Passed++
		case "fail":
			r.Failed++
		case "skip":
			r.Skipped++
		default:
			r.Errored++
		}
	}
	return r
}

// run runs the tests of the suite, in the order of their files.
func (s *suite) run(ctx context.Context) ([]TestCase, error) {
	var err error
	if failed := guard(func() error { err = s.load(); return nil }); failed != nil {
		err = failed
	}
	if err != nil {
		return s.broken(err), nil
	}
	results, err := s.results(ctx, "", false)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(results, func(a, b *tester.Result) int {
		return cmp.Or(a.Location.Compare(b.Location), cmp.Compare(a.Name, b.Name))
	})
	why, err := s.whyFailed(ctx, results)
	if err != nil {
		return nil, err
	}
	var cases []TestCase
	for _, r := range results {
		cases = append(cases, s.testCase(r, why[placeOf(r)]))
	}
	return cases, nil
}

// broken are the cases of a suite that cannot run: one for each file that keeps it from that, or, where no file is to blame,
// for each of its own.
func (s *suite) broken(err error) (cases []TestCase) {
	var own []string
	for _, m := range s.own {
		own = append(own, m.file.Path)
	}
	text := texts(s.library.modules)
	byFile := blame(err)
	for _, m := range s.library.modules {
		if why := byFile[m.file.Path]; len(why) > 0 {
			message := strings.Join(explain(why, text), "\n")
			if !slices.Contains(own, m.file.Path) {
				message += "\nso these tests cannot run: " + strings.Join(own, ", ")
			}
			cases = append(cases, errored(m, message))
		}
	}
	if len(cases) > 0 {
		return cases
	}
	for _, m := range s.own {
		cases = append(cases, errored(m, strings.Join(messages(err, text), "\n")))
	}
	return cases
}

func errored(m *module, message string) TestCase {
	return TestCase{File: m.file.Path, Package: space(m.parsed.Package.Path.String()), Status: "error", Message: message}
}

// blame sorts the errors of opa by the files that they are in.
func blame(err error) map[string]ast.Errors {
	byFile := map[string]ast.Errors{}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			for file, found := range blame(one) {
				byFile[file] = append(byFile[file], found...)
			}
		}
		return byFile
	}
	var list ast.Errors
	errors.As(err, &list)
	for _, e := range list {
		if e.Location != nil {
			byFile[e.Location.File] = append(byFile[e.Location.File], e)
		}
	}
	return byFile
}

// results runs the tests whose full name matches filter and returns those of the suite's own files.
func (s *suite) results(ctx context.Context, filter string, trace bool) (results []*tester.Result, err error) {
	err = storage.Txn(ctx, s.store, storage.TransactionParams{}, func(txn storage.Transaction) error {
		runner := tester.NewRunner().SetCompiler(newTestCompiler()).SetModules(s.modules).SetStore(s.store).
			SetTimeout(testTimeout).CapturePrintOutput(true).EnableTracing(trace).Filter(filter)
		found, err := runner.RunTests(ctx, txn)
		if err != nil {
			return err
		}
		for r := range found {
			if slices.ContainsFunc(s.own, func(m *module) bool { return m.file.Path == r.Location.File }) {
				results = append(results, r)
			}
		}
		return context.Cause(ctx)
	})
	return results, err
}

func (s *suite) testCase(r *tester.Result, why string) TestCase {
	c := TestCase{File: r.Location.File, Package: space(r.Package), Name: r.Name, Status: "pass"}
	switch {
	case r.Skip:
		c.Status = "skip"
	case r.Error != nil:
		c.Status, c.Message = "error", strings.Join(explain(r.Error, texts(s.library.modules)), "\n")
	case r.Fail:
		c.Status, c.Message = "fail", why
		if printed := strings.TrimSpace(string(r.Output)); printed != "" {
			c.Message += "\n" + printed
		}
	}
	return c
}

// space is a package path as people write it.
func space(pkg string) string { return strings.TrimPrefix(pkg, "data.") }

func placeOf(r *tester.Result) string {
	return fmt.Sprintf("%s:%d:%d %s", r.Location.File, r.Location.Row, r.Location.Col, r.Name)
}

// whyFailed runs the failed tests again with a trace, which is too big to keep for every test, and says what did not hold.
func (s *suite) whyFailed(ctx context.Context, results []*tester.Result) (map[string]string, error) {
	var names []string
	for _, r := range results {
		if r.Fail && r.Error == nil {
			names = append(names, regexp.QuoteMeta(r.Package+"."+r.Name))
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	traced, err := s.results(ctx, "^(?:"+strings.Join(names, "|")+")$", true)
	if err != nil {
		return nil, err
	}
	why := map[string]string{}
	for _, r := range traced {
		why[placeOf(r)] = whyOf(r, texts(s.library.modules))
	}
	return why, nil
}

// whyOf finds the expression of a test that failed last, which is as far as the test came.
func whyOf(r *tester.Result, text map[string][]byte) string {
	last := r.Location.Row + strings.Count(string(r.Location.Text), "\n")
	var at *ast.Location
	for _, event := range r.Trace {
		loc := event.Location
		if event.Op != topdown.FailOp || loc == nil || loc.File != r.Location.File || loc.Row < r.Location.Row || loc.Row > last {
			continue
		}
		if at == nil || loc.Row >= at.Row {
			at = loc
		}
	}
	var cases []string
	for names, sub := range r.SubResults.Iter {
		if sub.Fail {
			cases = append(cases, strings.Join(names, "/"))
		}
	}
	switch {
	case len(cases) > 0:
		return placed(r.Location, "", "these cases failed: "+strings.Join(cases, ", "), text)
	case at == nil:
		return placed(r.Location, "", "the test did not become true", text)
	}
	return placed(at, "", "this did not hold", text)
}
