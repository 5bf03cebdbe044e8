package planner

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// Checks is what became of the conditions that a configuration sets on what it manages: check blocks, and the pre- and
// postconditions of resources and outputs. Validations of variables count only when they fail: they say nothing of the world.
type Checks struct {
	Passed  int
	Unknown int           // not told yet: a value is not known, or an earlier failure came before
	Failed  []FailedCheck // by address
}

// FailedCheck is an object on which a condition does not hold, or could not be evaluated.
type FailedCheck struct {
	Address string `json:"address"`
	Status  string `json:"status"`            // "fail", or "error": it could not be evaluated
	Message string `json:"message,omitempty"` // on one line; "" where the engine withholds it, since it holds a sensitive value
}

// None reports whether there is nothing that says how the world is.
func (c Checks) None() bool { return c.Passed+c.Unknown+len(c.Failed) == 0 }

func (c FailedCheck) String() string {
	verb := "failed"
	if c.Status == checkErrored {
		verb = "could not be evaluated"
	}
	return c.Address + " " + verb + prefixed(": ", c.Message)
}

// Statuses of a check, as the engines name them.
const (
	checkPassed  = "pass"
	checkFailed  = "fail"
	checkErrored = "error"
)

// checkedVariable is the kind of a check that validates a variable.
const checkedVariable = "var"

// add counts one object; messages are redacted.
func (c *Checks) add(kind, address, status string, messages []string) {
	switch status {
	case checkFailed, checkErrored:
		for i, m := range messages {
			messages[i] = visible(strings.TrimSpace(m))
		}
		c.Failed = append(c.Failed, FailedCheck{Address: visible(address), Status: status, Message: some(messages)})
	case checkPassed:
		if kind != checkedVariable {
			c.Passed++
		}
	default:
		c.Unknown++
	}
}

func (c *Checks) sort() {
	slices.SortStableFunc(c.Failed, func(a, b FailedCheck) int { return cmp.Compare(a.Address, b.Address) })
}

// checks reads what became of the checks in a plan. A message may quote a sensitive value.
func (p *parser) checks() {
	p.each(p.root, "checks", func(o object) {
		address := field[object](&p.shape, o, "address")
		var messages []string
		p.each(o, "instances", func(o object) {
			p.each(o, "problems", func(o object) {
				message := field[string](&p.shape, o, "message")
				if hidden, ok := p.secrets.hide(message).(string); ok {
					message = hidden
				} else {
					message = string(sensitiveValue)
				}
				messages = append(messages, message)
			})
		})
		p.plan.Checks.add(
			field[string](&p.shape, address, "kind"), field[string](&p.shape, address, "to_display"), field[string](&p.shape, o, "status"), messages)
	})
	p.plan.Checks.sort()
}

// stateCheck is what a state says of a check, as it was evaluated last.
type stateCheck struct {
	Kind    string `json:"object_kind"`
	Address string `json:"config_addr"`
	Status  string
	Objects []struct {
		Messages []string `json:"failure_messages"`
	}
}

// checks reads what a state says of checks; what cannot be read is not known. A message may quote a value that the state marks as
// sensitive.
func (h *stateHiding) checks(results json.RawMessage) (c Checks) {
	var all []stateCheck
	if len(results) > 0 && json.Unmarshal(results, &all) != nil {
		return Checks{Unknown: 1}
	}
	for _, check := range all {
		var messages []string
		for _, o := range check.Objects {
			for _, m := range o.Messages {
				messages = append(messages, h.text(m))
			}
		}
		c.add(check.Kind, check.Address, check.Status, messages)
	}
	c.sort()
	return c
}
