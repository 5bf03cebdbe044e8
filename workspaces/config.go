package workspaces

import (
	"time"

	"github.com/hashicorp/hcl/v2"
)

// FileKind tells the operator's file from a repository's.
type FileKind int

// The two configuration files.
const (
	OperatorFile   FileKind = iota // --config, default /etc/driftless/config.hcl
	RepositoryFile                 // driftless.hcl at a repository's root
)

// RepositoryFileName is the name of the configuration file at a repository's root (or RepositoryFileName + ".json").
const RepositoryFileName = "driftless.hcl"

// Config is one parsed configuration file.
type Config struct {
	DataDir      string        // operator
	Concurrency  int           // operator: engine processes at a time; 0 = one per core
	Repositories []Repository  // operator
	Identities   []Identity    // operator
	Engines      []EngineBlock // operator
	Settings     Settings      // repository: what driftless.hcl says; operator: what applies to every repository
}

// Settings are the blocks that may stand in a repository's file, in a repository block of the operator's file, or at the
// top of the operator's file. Later ones in that order win.
type Settings struct {
	Discovery  *Discovery
	Defaults   []Block // defaults { dirs = [...] ... }: for every workspace whose directory matches
	Workspaces []Block
	Policies   []Policy
}

// Repository is a repository block of the operator's file.
type Repository struct {
	Name         string
	URL          string // https, ssh, file or a path
	Branch       string // "" = the remote's HEAD
	Credentials  *Credentials
	PollInterval time.Duration // default 30s
	PollJitter   time.Duration // default a tenth of the interval
	Branches     string        // pattern of pull request branches on a plain Git forge; default "driftless/*"
	Settings     Settings
	Range        hcl.Range
}

// Credentials are how a Git server is asked.
type Credentials struct {
	Username   string
	Password   *Secret // https: password or token
	SSHKey     *Secret // ssh: a private key
	KnownHosts string  // ssh: path of a known_hosts file
}

// Secret is a reference to a secret value: exactly one of its fields is set.
type Secret struct {
	Env     string
	File    string
	Command []string
}

// Block is one workspace or defaults block as written; nil and zero fields were not set.
type Block struct {
	Label              string   // workspace: its directory, or its name when dir is given and differs
	Dirs               []string // defaults: globs of directories; empty = all
	Dir                string
	VarFiles           []string
	Variables          map[string]string
	Engine             string
	Version            string
	DependsOn          []string
	Labels             map[string]string
	Owner              string
	Watch              []string
	Volatile           []string
	BackendConfig      map[string]string
	Parallelism        *int
	TerraformWorkspace string
	Apply              ApplyMode
	Drift              *DriftBlock
	Freshness          *time.Duration
	RenamedFrom        string
	Range              hcl.Range
}

// DriftBlock is drift { schedule = "0 */6 * * *"  reconcile = true }.
type DriftBlock struct {
	Schedule  string
	Reconcile *bool
}

// Discovery limits which directories may become workspaces; globs with ** relative to the repository's root.
type Discovery struct {
	Enabled *bool
	Include []string
	Exclude []string
}

// Policy is a policy block: a set of Rego files.
type Policy struct {
	Name  string
	Dir   string // operator's file: an absolute directory on the runner's machine
	Path  string // a path at the tracked branch of the repository
	Range hcl.Range
}

// Identity is an identity block: environment that a workspace's engine gets.
type Identity struct {
	Name         string
	Repositories []string          // globs of repository names; empty = all
	Dirs         []string          // globs of directories; empty = all
	Labels       map[string]string // all must be equal to the workspace's trusted labels
	Plan         map[string]Secret // environment variable → where its value comes from
	Apply        map[string]Secret
	Range        hcl.Range
}

// EngineBlock is engine "terraform" { path = "/opt/terraform"  releases = "https://..." }.
type EngineBlock struct {
	Kind     string
	Path     string // a local binary to use
	Version  string // default constraint
	Releases string // base URL of a release server, in place of the vendor's
}
