package policy

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/topdown"
)

// uncomputed are the calls of built-in functions that failed, each place once. They are undefined, as in conftest and OPA,
// and libraries rely on it (is_number(to_number(x)), not startswith(x.key, "arn:") where the key is null), but a rule that
// could not compute something may have passed what it should not: that is never silent.
type uncomputed struct {
	calls []*failedCall
	at    map[string]*failedCall
}

type failedCall struct {
	policy string // which came there first
	err    topdown.Error
	again  int
}

func (u *uncomputed) add(policy string, failed []topdown.Error) {
	for _, err := range failed {
		place := err.Message
		if err.Location != nil {
			place = err.Location.String() + ":" + fmt.Sprint(err.Location.Col)
		}
		if known := u.at[place]; known != nil {
			known.again++
			continue
		}
		if u.at == nil {
			u.at = map[string]*failedCall{}
		}
		u.at[place] = &failedCall{policy: policy, err: err}
		u.calls = append(u.calls, u.at[place])
	}
}

// results are the warnings, in the order of the calls.
func (u *uncomputed) results(text map[string][]byte) (results []Result) {
	for _, call := range u.calls {
		message := "could not be computed and counts as undefined: " + call.err.Message
		if call.again > 0 {
			message += fmt.Sprintf(" (and %d times more)", call.again)
		}
		results = append(results, Result{Policy: call.policy, Level: "warn", Message: placed(call.err.Location, "", message, text)})
	}
	return results
}
