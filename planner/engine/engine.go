// Package engine runs the terraform or tofu binary: finds or installs it, and init, plan, show and apply with it.
// It is the only user of terraform-exec, hc-install and tofudl.
package engine

import (
	"context"
	"log/slog"
	"time"

	"github.com/driftlessops/driftless/planner/mask"
)

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

// FinderOptions say where engines come from.
type FinderOptions struct {
	DataDir  string          // installed engines live below it
	Paths    map[Kind]string // a binary to use before PATH
	Releases map[Kind]string // base URL of a release server; "" = the vendor's
	Logger   *slog.Logger
}

// Finder finds engines by version; it remembers what it found. Safe for concurrent use; one download at a time per version.
type Finder struct{}

// NewFinder returns a Finder.
func NewFinder(opts FinderOptions) (*Finder, error) { panic("todo") }

// Find returns an engine that satisfies every constraint (Terraform's syntax; a version file's plain "1.9.8" is exact):
// the configured path, PATH, one installed before, else the newest that fits is installed with its checksum and signature verified.
// The error names the version wanted and how to point at a local engine.
func (f *Finder) Find(ctx context.Context, kind Kind, constraints []string) (Engine, error) {
	panic("todo")
}

// Phase is a step of an engine run.
type Phase string

// The phases.
const (
	PhaseInit  Phase = "init"
	PhasePlan  Phase = "plan"
	PhaseShow  Phase = "show"
	PhaseApply Phase = "apply"
)

// Progress is one event of the engine's JSON stream, masked.
type Progress struct {
	Time    time.Time
	Phase   Phase
	Type    string // the engine's event type: "apply_start", "apply_complete", "refresh_complete", "planned_change", "diagnostic", …
	Address string // resource address where there is one
	Action  string // create, update, …
	Message string
	Elapsed time.Duration
}

// Error is a failed engine command, with everything that it printed, masked.
type Error struct {
	Phase    Phase
	Output   string // diagnostics as the engine's human output shows them: severity, summary, detail, file:line, snippet
	Canceled bool
	Stale    bool   // apply: "Saved plan is stale": plan again
	Locked   string // holder of a state lock, when that is why
	Err      error
}

func (e *Error) Error() string { panic("todo") }
func (e *Error) Unwrap() error { return e.Err }

// RootOptions describe one root module that is to be run.
type RootOptions struct {
	Engine             Engine
	Dir                string            // absolute directory of the root module in a checkout
	DataDir            string            // TF_DATA_DIR, absolute; made when missing
	TempDir            string            // private TMPDIR and HOME of the engine; made when missing
	Env                map[string]string // all that the engine's environment holds besides the basics (PATH, HOME, TMPDIR, TF_*)
	BackendConfig      map[string]string
	VarFiles           []string // absolute, or relative to Dir
	Variables          map[string]string
	TerraformWorkspace string
	Parallelism        int
	Providers          *ProviderCache
	InitKey            string // from the input digest; "" = init always
	Mask               *mask.Masker
	Progress           func(Progress)    // may be nil
	Log                func(line string) // may be nil: human-readable masked lines of the run's log
	InterruptWait      time.Duration     // how long a canceled command gets before it is killed; 0 = 5 minutes
	Logger             *slog.Logger
}

// Root is one root module ready to run.
type Root struct{ opts RootOptions }

// Open checks the options and writes the engine's CLI configuration.
func Open(opts RootOptions) (*Root, error) { panic("todo") }

// Init prepares the data directory. It is skipped when InitKey and the engine equal those of the last successful init.
// force runs it in any case.
func (r *Root) Init(ctx context.Context, force bool) error { panic("todo") }

// PlanOptions of one plan.
type PlanOptions struct {
	Out     string // plan file, absolute
	Lock    bool
	Destroy bool
}

// Plan inits when needed (and once more when the engine asks for it) and plans into opts.Out.
func (r *Root) Plan(ctx context.Context, opts PlanOptions) error { panic("todo") }

// Show returns the JSON of a plan file. It holds sensitive values in clear.
func (r *Root) Show(ctx context.Context, planFile string) ([]byte, error) { panic("todo") }

// Apply applies a saved plan file.
func (r *Root) Apply(ctx context.Context, planFile string) error { panic("todo") }

// ProviderCacheOptions say where providers come from.
type ProviderCacheOptions struct {
	Dir     string   // shared cache, unpacked layout
	Mirrors []string // filesystem mirrors that are asked before the registries
	Logger  *slog.Logger
}

// ProviderCache is the shared provider cache: downloads go into it under a lock, runs read it as a filesystem mirror.
type ProviderCache struct{}

// NewProviderCache returns the cache at opts.Dir.
func NewProviderCache(opts ProviderCacheOptions) (*ProviderCache, error) { panic("todo") }
