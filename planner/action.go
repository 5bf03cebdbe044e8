package planner

import (
	"fmt"
	"slices"
	"strings"
)

// Action is what happens to one object, named as Terraform names it.
type Action string

// The actions, riskiest first.
const (
	Replace Action = "replace"
	Delete  Action = "delete"
	Forget  Action = "forget"
	Update  Action = "update"
	Create  Action = "create"
	Import  Action = "import" // import without any other change
	Move    Action = "move"   // move without any other change
	Invoke  Action = "invoke" // a provider's action runs (Terraform 1.14)
	Read    Action = "read"
	NoOp    Action = "no-op"
)

// byRisk orders the actions, riskiest first.
var byRisk = []Action{Replace, Delete, Forget, Update, Create, Import, Move, Invoke, Read, NoOp}

// risk is an action's place in byRisk.
func (a Action) risk() int { return slices.Index(byRisk, a) }

// actionOf reads the ordered actions of a plan's change. What it does not know is an error: a plan that cannot be read
// cannot be judged.
func actionOf(actions []string) (Action, error) {
	switch strings.Join(actions, " ") {
	case "no-op":
		return NoOp, nil
	case "read", "open", "renew", "close": // the last three are of ephemeral resources
		return Read, nil
	case "create":
		return Create, nil
	case "update":
		return Update, nil
	case "delete":
		return Delete, nil
	case "forget":
		return Forget, nil
	case "delete create", "create delete", "create forget", "forget create":
		return Replace, nil
	}
	return "", fmt.Errorf("unknown actions %q; this version of driftless does not know what the engine would do", actions)
}
