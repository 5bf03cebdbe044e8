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
	Database     string        // operator: URL of a PostgreSQL database; "" = SQLite in the data directory
	Concurrency  int           // operator: engine processes at a time; 0 = one per core
	Mirrors      []string      // operator: filesystem mirrors of providers
	Repositories []Repository  // operator
	Identities   []Identity    // operator
	Limits       []Limit       // operator
	Engines      []EngineBlock // operator
	Forges       []Forge       // operator
	HTTP         *HTTP         // operator; nil: nothing listens
	Retention    Retention     // operator
	Settings     Settings      // repository: what driftless.hcl says; operator: what applies to every repository
	// DatabasePassword and EncryptionKey of the operator's file; nil: not set.
	DatabasePassword, EncryptionKey *Secret
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
	Forge        string        // name of a github or gitea block; "" = a plain Git server
	Kind         string        // of that block: "github" or "gitea"
	Path         string        // "owner/name" at the forge; of a pattern, "owner"
	Pattern      string        // of the names of an owner's repositories ("*", "infra-*"); "" = this one repository
	Exclude      []string      // globs of names that a pattern leaves out
	Forks        ForkMode      // default ForksIgnored
	Drafts       bool          // plan draft pull requests; default true
	Automerge    string        // "merge", "squash" or "rebase" after an apply before the merge; "" = a person merges
	DriftIssues  int           // how many issues about drift may be open at once; 0 = none; default 20
	Settings     Settings
	Range        hcl.Range
}

// ForkMode says what becomes of pull requests from forks.
type ForkMode string

// The fork modes.
const (
	ForksIgnored   ForkMode = "ignore"
	ForksOnCommand ForkMode = "on_command" // each commit is planned once somebody with permission asks for it
)

// Forge is a github or gitea block: a sign-in.
type Forge struct {
	Kind    string // "github" or "gitea"
	Name    string // its label
	URL     string // where people see it, without a slash at the end: "https://github.com", "https://git.example.com"
	Token   *Secret
	App     *App           // GitHub: instead of a token
	Webhook *Secret        // secret of its webhooks; nil: none are taken
	Pause   *time.Duration // between requests that write; nil: what the forge asks for
	Range   hcl.Range
}

// App is a GitHub App.
type App struct {
	ID           int64
	PrivateKey   Secret // PEM
	Installation int64  // 0 = the one of each repository's owner
}

// HTTP is http { listen = "127.0.0.1:8080" }: webhooks and metrics.
type HTTP struct {
	Listen string
}

// Permissions say who may give which commands on a forge: "read", "triage", "write", "maintain" or "admin" for a
// permission in the repository and all above it, "team:NAME" or "user:LOGIN".
type Permissions struct {
	Plan    []string // default ["write"]
	Apply   []string // default ["write"]
	Approve []string // default ["admin"]
}

// Requirement is a condition of an apply before the merge.
type Requirement string

// The requirements; the policies and the report on the very head are required besides, always.
const (
	Approved   Requirement = "approved"   // a review of somebody else with write permission approves this head, and none asks for changes
	Mergeable  Requirement = "mergeable"  // the forge would merge it: no conflicts, no draft, no failing status of others
	Undiverged Requirement = "undiverged" // what the workspace reads did not change on the tracked branch since it was branched off
)

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

// From says where the value is kept, for people.
func (s Secret) From() string {
	switch {
	case s.Env != "":
		return "environment variable " + s.Env
	case s.File != "":
		return "file " + s.File
	case len(s.Command) > 0:
		return "command " + s.Command[0]
	}
	return "nowhere"
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
	Timeouts           *TimeoutsBlock
	RenamedFrom        string
	Permissions        *Permissions  // nil fields: not set
	Require            []Requirement // nil: not set
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
