package policy

import (
	"cmp"
	"slices"
)

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

// Word is what the verdict says in a word or two, for people: a plan that nobody judged has not passed anything.
func (v Verdict) Word() string {
	if v.Policies == 0 && v.Status == Pass {
		return "no policies"
	}
	return string(v.Status)
}

// Stricter returns the stricter of two verdicts, with the results of both. Its revision is that of both, joined by "+" when
// they differ. A verdict without a status, such as the zero value, is unknown and counts as an Error.
func Stricter(a, b Verdict) Verdict {
	v := Verdict{
		Status:   slices.MaxFunc([]Status{a.Status, b.Status}, func(x, y Status) int { return x.severity() - y.severity() }),
		Results:  order(slices.Concat(a.Results, b.Results)),
		Revision: a.Revision,
		Policies: max(a.Policies, b.Policies),
	}
	if v.Status.severity() == Error.severity() {
		v.Status = Error
	}
	switch {
	case a.Revision == "":
		v.Revision = b.Revision
	case b.Revision != "" && b.Revision != a.Revision:
		v.Revision = a.Revision + "+" + b.Revision
	}
	return v
}

// severity orders statuses, mildest first; what is unknown is as severe as an error.
func (s Status) severity() int {
	if i := slices.Index([]Status{Pass, Warn, Deny}, s); i >= 0 {
		return i
	}
	return 3
}

// status is what one result makes of the plan.
func (r Result) status() Status {
	switch r.Level {
	case "warn":
		return Warn
	case "deny", "violation":
		return Deny
	}
	return Error
}

// verdict is the verdict that the results amount to.
func verdict(results []Result) Verdict {
	v := Verdict{Status: Pass, Results: order(results)}
	if len(v.Results) > 0 {
		v.Status = v.Results[0].status()
	}
	return v
}

// order sorts results by severity, level, policy, message and resource and drops repeated ones. It never returns nil, so that
// JSON has a list.
func order(results []Result) []Result {
	results = append([]Result{}, results...)
	slices.SortFunc(results, func(a, b Result) int {
		return cmp.Or(b.status().severity()-a.status().severity(), cmp.Compare(a.Level, b.Level),
			cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.Message, b.Message), cmp.Compare(a.Resource, b.Resource))
	})
	return slices.Compact(results)
}
