package workspaces

import "time"

// ID is the identity of a workspace: "repo//dir" or "repo//dir@name".
type ID string

// ApplyMode says when a workspace applies by itself.
type ApplyMode string

// The apply modes.
const (
	OnMerge     ApplyMode = "on_merge"
	BeforeMerge ApplyMode = "before_merge"
	Manual      ApplyMode = "manual"
)

// Workspace is one root module directory with its variables, engine and state, as resolved from the repository's
// directories, its driftless.hcl and the operator's file.
type Workspace struct {
	ID         ID
	Repository string
	Dir        string // slash-separated, "." for the root
	Name       string // "" unless the directory holds several workspaces

	// What it is: read from the tree that is planned.
	VarFiles           []string          // relative to Dir; "/x" is relative to the repository's root
	Variables          map[string]string // name → HCL expression or plain string, as -var takes it
	DependsOn          []ID
	Labels             map[string]string
	Owner              string
	Watch              []string // globs relative to the repository's root that belong to the input digest
	BackendConfig      map[string]string
	TerraformWorkspace string
	RenamedFrom        string // the earlier identity, without the repository

	// What it may do: read from the tracked branch or the operator's file.
	Engine        string // "terraform" or "tofu"
	Version       string // version constraint or "" ; required_version and version files apply besides
	Apply         ApplyMode
	Parallelism   int               // 0: the engine's default
	DriftSchedule string            // cron expression or "" for none
	Freshness     time.Duration     // how long a plan or a drift check is trusted
	Timeouts      Timeouts          // how long each step of a run may take
	Reconcile     bool              // repair external drift by itself
	Volatile      []string          // change paths to leave out of change digests, "ADDRESS:attribute.path" with * globs: changes that nobody need review
	Permissions   Permissions       // who may plan, apply and approve by comments
	Require       []Requirement     // of an apply before the merge; default: all of them
	TrustedLabels map[string]string // labels at the tracked branch: the only ones that grant an identity

	// What the engine's files say, found while resolving.
	VersionConstraints []string // required_version of the module, .terraform-version, .opentofu-version
	Backend            Backend
	Problems           []string // why this workspace cannot run (each with file and line where known); it fails alone
	Reason             string   // why the directory is a workspace
}

// Backend is the backend block of a root module, as far as it can be read without the engine.
type Backend struct {
	Type   string            // "" when there is none; "cloud" for a cloud block
	Config map[string]string // literal attributes
	Place  string            // file:line
}
