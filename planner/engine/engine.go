// Package engine runs the terraform or tofu binary: finds or installs it, and init, plan, show and apply with it.
// It is the only user of terraform-exec, hc-install and tofudl.
//
// terraform-exec asks engines for their version. Init, plan, show and apply are started here: terraform-exec refuses
// TF_VAR_* in the environment, has no -lockfile, kills a process and not its group, and reads show's JSON into structs
// that lose what they do not know.
package engine

import "time"

// Kind is "terraform" or "tofu".
type Kind string

// The engines.
const (
	Terraform Kind = "terraform"
	OpenTofu  Kind = "tofu"
)

// Engine is one binary at one version.
type Engine struct {
	Kind    Kind
	Version string // "1.11.4"
	Path    string
}

// String is "terraform 1.11.4".
func (e Engine) String() string { return string(e.Kind) + " " + e.Version }

// Phase is a step of an engine run.
type Phase string

// The phases.
const (
	PhaseInit   Phase = "init"
	PhasePlan   Phase = "plan"
	PhaseShow   Phase = "show"
	PhaseApply  Phase = "apply"
	PhasePush   Phase = "state push"
	PhaseUnlock Phase = "force-unlock"
)

// Progress is one event of the engine's JSON stream, masked.
type Progress struct {
	Time    time.Time
	Phase   Phase
	Type    string // the engine's event type: "apply_start", "apply_complete", "refresh_complete", "planned_change", "diagnostic", …; "log" for plain text
	Address string // resource address where there is one
	Action  string // create, update, …
	Message string
	Elapsed time.Duration
}
