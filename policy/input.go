package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"
)

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

// document is an input as the policies see it, converted once for all of them.
type document struct {
	value     ast.Value
	roots     map[string]any
	addresses addresses
}

// planRoots are the top-level keys of the plan JSON of Terraform and OpenTofu. One that is absent is fine: resource_drift,
// for example, is left out when nothing drifted.
var planRoots = []string{
	"action_invocations", "applyable", "checks", "complete", "configuration", "deferred_action_invocations",
	"deferred_changes", "errored", "format_version", "output_changes", "planned_values", "prior_state", "relevant_attributes",
	"resource_changes", "resource_drift", "terraform_version", "timestamp", "variables",
}

// driftlessRoots are the keys of input.driftless.
var driftlessRoots = []string{"change", "drift", "run", "workspace"}

func newDocument(in Input) (*document, error) {
	var plan any
	if err := util.UnmarshalJSON(in.Plan, &plan); err != nil {
		return nil, fmt.Errorf("read the plan JSON: %w", err)
	}
	roots, ok := plan.(map[string]any)
	if !ok {
		return nil, errors.New("the input is not a plan: not a JSON object; give what `terraform show -json PLANFILE` prints")
	}
	if err := checkPlan(roots); err != nil {
		return nil, err
	}
	if c := in.Driftless; len(c.Workspace)+len(c.Run)+len(c.Change)+len(c.Drift) > 0 {
		about, err := roundTrip(c)
		if err != nil {
			return nil, fmt.Errorf("prepare input.driftless: %w", err)
		}
		roots["driftless"] = about
	}
	value, err := ast.InterfaceToValue(roots)
	if err != nil {
		return nil, fmt.Errorf("convert the plan: %w", err)
	}
	return &document{value: value, roots: roots, addresses: addressesOf(roots)}, nil
}

// checkPlan makes sure that a document is a plan. Policies would say nothing at all about any other document.
func checkPlan(roots map[string]any) error {
	for key, kind := range map[string]string{"values": "a state", "provider_schemas": "provider schemas", "diagnostics": "a validation"} {
		if _, found := roots[key]; found && roots["resource_changes"] == nil && roots["planned_values"] == nil {
			return fmt.Errorf("the input is not a plan but %s; give what `terraform show -json PLANFILE` prints", kind)
		}
	}
	for key, value := range roots {
		_, isList := value.([]any)
		if (key == "resource_changes" || key == "resource_drift") && value != nil && !isList {
			return fmt.Errorf("the input is not a plan: %s is not a list", key)
		}
	}
	for _, key := range []string{"resource_changes", "planned_values", "format_version"} {
		if _, found := roots[key]; found {
			return nil
		}
	}
	if len(roots) == 0 {
		return errors.New("the input is not a plan: the object is empty; give what `terraform show -json PLANFILE` prints")
	}
	return fmt.Errorf("the input is not a plan: it has neither resource_changes nor planned_values but %s; "+
		"give what `terraform show -json PLANFILE` prints", someOf(slices.Sorted(maps.Keys(roots))))
}

// someOf lists the first few names.
func someOf(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	if len(names) > 5 {
		names = append(names[:5:5], "…")
	}
	return fmt.Sprintf("%q", names)
}

// roundTrip turns a Go value into plain JSON values with exact numbers.
func roundTrip(v any) (any, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var out any
	err = util.NewJSONDecoder(bytes.NewReader(data)).Decode(&out)
	return out, err
}
