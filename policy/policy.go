// Package policy says what may be: it loads Rego policies and judges plans with them. A Verdict is a tree of results, so
// that the explanation and the decision are one value. Judgement is pure and has no network. It is the only user of opa.
package policy

import (
	"context"
	"encoding/json"
)

// File is one Rego or data file.
type File struct {
	Path string // as people know it
	Data []byte
}

// Source is one named set of policy files, such as a policy block of the configuration. Err says why it could not be read.
type Source struct {
	Name  string
	Files []File
	Err   error
}

// Status is what a verdict says.
type Status string

// The statuses, mildest first.
const (
	Pass  Status = "pass"
	Warn  Status = "warn"
	Deny  Status = "deny"
	Error Status = "error" // could not be judged: blocks like a denial
)

// Result is one message of one rule.
type Result struct {
	Policy   string `json:"policy"` // source and package, "baseline/terraform.s3"
	Level    string `json:"level"`  // "deny", "violation", "warn" or "error"
	Message  string `json:"message"`
	Resource string `json:"resource,omitempty"` // address, when the rule names one
}

// Verdict is what the policies said of one plan.
type Verdict struct {
	Status   Status   `json:"status"`
	Results  []Result `json:"results"`  // most severe first
	Revision string   `json:"revision"` // hash of every policy file that judged
	Policies int      `json:"policies"` // number of rules evaluated
}

// Passed reports whether the verdict lets a plan be applied.
func (v Verdict) Passed() bool { return v.Status == Pass || v.Status == Warn }

// Set is compiled policies. Safe for concurrent use.
type Set struct{}

// ReadDir reads a directory of *.rego and *.json/*.yaml data files into a Source; _test.rego files are left out of judgement.
func ReadDir(name, dir string) Source { panic("todo") }

// Compile compiles the sources. It never fails: what cannot be read or compiled makes every verdict of the set an Error
// with the reason and its place, while the other sources still say what they have to say.
func Compile(sources []Source) *Set { panic("todo") }

// Revision is the hash of every policy file of the set; "" for no policies.
func (s *Set) Revision() string { panic("todo") }

// Input is what is judged.
type Input struct {
	Plan      json.RawMessage // redacted plan JSON
	Driftless Context         // input.driftless; the zero value leaves it out
}

// Context is input.driftless.
type Context struct {
	Workspace map[string]any `json:"workspace,omitempty"` // id, repository, dir, name, labels, owner, engine
	Run       map[string]any `json:"run,omitempty"`       // id, purpose, commit, tracked (bool)
	Change    map[string]any `json:"change,omitempty"`    // pull request: id, title, author, head, base
	Drift     []any          `json:"drift,omitempty"`     // drifted objects: address, action, cause
}

// Evaluate judges one plan. The plan is converted once, whatever the number of policies.
func (s *Set) Evaluate(ctx context.Context, in Input) Verdict { panic("todo") }

// Stricter returns the stricter of two verdicts, with the results of both.
func Stricter(a, b Verdict) Verdict { panic("todo") }

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

// Test runs the _test.rego files below dir. Suites that do not share mocks (data files, packages) stay apart.
func Test(ctx context.Context, dir string) (TestReport, error) { panic("todo") }
