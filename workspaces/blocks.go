package workspaces

import "github.com/hashicorp/hcl/v2"

// The blocks of both files as gohcl reads them. Values stay attributes, so that every check can name its place.

type operatorBody struct {
	DataDir      *hcl.Attribute    `hcl:"data_dir,optional"`
	Database     *hcl.Attribute    `hcl:"database,optional"`
	Password     *secretBlock      `hcl:"database_password,block"`
	Key          *secretBlock      `hcl:"encryption_key,block"`
	Concurrency  *hcl.Attribute    `hcl:"concurrency,optional"`
	Mirrors      *hcl.Attribute    `hcl:"provider_mirrors,optional"`
	Repositories []repositoryBlock `hcl:"repository,block"`
	GitHub       []forgeBlock      `hcl:"github,block"`
	Gitea        []forgeBlock      `hcl:"gitea,block"`
	HTTP         *httpBlock        `hcl:"http,block"`
	Retention    *retentionBlock   `hcl:"retention,block"`
	Identities   []identityBlock   `hcl:"identity,block"`
	Limits       []limitBlock      `hcl:"limit,block"`
	Engines      []engineBlock     `hcl:"engine,block"`
	Discovery    *discoveryBlock   `hcl:"discovery,block"`
	Defaults     []defaultsBlock   `hcl:"defaults,block"`
	Policies     []policyBlock     `hcl:"policy,block"`
}

type settingsBody struct {
	Discovery  *discoveryBlock  `hcl:"discovery,block"`
	Defaults   []defaultsBlock  `hcl:"defaults,block"`
	Workspaces []workspaceBlock `hcl:"workspace,block"`
	Policies   []policyBlock    `hcl:"policy,block"`
}

type repositoryBlock struct {
	Name         string            `hcl:"name,label"`
	URL          *hcl.Attribute    `hcl:"url"`
	Branch       *hcl.Attribute    `hcl:"branch,optional"`
	PollInterval *hcl.Attribute    `hcl:"poll_interval,optional"`
	PollJitter   *hcl.Attribute    `hcl:"poll_jitter,optional"`
	Branches     *hcl.Attribute    `hcl:"branches,optional"`
	Forge        *hcl.Attribute    `hcl:"forge,optional"`
	Exclude      *hcl.Attribute    `hcl:"exclude,optional"`
	Forks        *hcl.Attribute    `hcl:"forks,optional"`
	Drafts       *hcl.Attribute    `hcl:"drafts,optional"`
	Automerge    *hcl.Attribute    `hcl:"automerge,optional"`
	DriftIssues  *hcl.Attribute    `hcl:"drift_issues,optional"`
	Credentials  *credentialsBlock `hcl:"credentials,block"`
	Discovery    *discoveryBlock   `hcl:"discovery,block"`
	Defaults     []defaultsBlock   `hcl:"defaults,block"`
	Workspaces   []workspaceBlock  `hcl:"workspace,block"`
	Policies     []policyBlock     `hcl:"policy,block"`
	Range        hcl.Range         `hcl:",def_range"`
}

type credentialsBlock struct {
	Username   *hcl.Attribute `hcl:"username,optional"`
	Password   *secretBlock   `hcl:"password,block"`
	SSHKey     *secretBlock   `hcl:"ssh_key,block"`
	KnownHosts *hcl.Attribute `hcl:"known_hosts,optional"`
	Range      hcl.Range      `hcl:",def_range"`
}

type secretBlock struct {
	Env     *hcl.Attribute `hcl:"env,optional"`
	File    *hcl.Attribute `hcl:"file,optional"`
	Command *hcl.Attribute `hcl:"command,optional"`
	Range   hcl.Range      `hcl:",def_range"`
}

type identityBlock struct {
	Name         string            `hcl:"name,label"`
	Repositories *hcl.Attribute    `hcl:"repositories,optional"`
	Dirs         *hcl.Attribute    `hcl:"dirs,optional"`
	Labels       *hcl.Attribute    `hcl:"labels,optional"`
	Plan         *environmentBlock `hcl:"plan,block"`
	Apply        *environmentBlock `hcl:"apply,block"`
	Range        hcl.Range         `hcl:",def_range"`
}

type environmentBlock struct {
	Env []variableBlock `hcl:"env,block"`
}

type variableBlock struct {
	Name    string         `hcl:"name,label"`
	Env     *hcl.Attribute `hcl:"env,optional"`
	File    *hcl.Attribute `hcl:"file,optional"`
	Command *hcl.Attribute `hcl:"command,optional"`
	Range   hcl.Range      `hcl:",def_range"`
}

type limitBlock struct {
	Name   string         `hcl:"name,label"`
	Labels *hcl.Attribute `hcl:"labels"`
	Runs   *hcl.Attribute `hcl:"runs"`
	Range  hcl.Range      `hcl:",def_range"`
}

type engineBlock struct {
	Kind     string         `hcl:"kind,label"`
	Path     *hcl.Attribute `hcl:"path,optional"`
	Version  *hcl.Attribute `hcl:"version,optional"`
	Releases *hcl.Attribute `hcl:"releases,optional"`
	Range    hcl.Range      `hcl:",def_range"`
}

type discoveryBlock struct {
	Enabled *hcl.Attribute `hcl:"enabled,optional"`
	Include *hcl.Attribute `hcl:"include,optional"`
	Exclude *hcl.Attribute `hcl:"exclude,optional"`
}

type policyBlock struct {
	Name  string         `hcl:"name,label"`
	Dir   *hcl.Attribute `hcl:"dir,optional"`
	Path  *hcl.Attribute `hcl:"path,optional"`
	Range hcl.Range      `hcl:",def_range"`
}

type defaultsBlock struct {
	Dirs       *hcl.Attribute `hcl:"dirs,optional"`
	Attributes attributes     `hcl:",remain"`
	Range      hcl.Range      `hcl:",def_range"`
}

type workspaceBlock struct {
	Label      string         `hcl:"label,label"`
	Dir        *hcl.Attribute `hcl:"dir,optional"`
	Attributes attributes     `hcl:",remain"`
	Range      hcl.Range      `hcl:",def_range"`
}

// attributes are what a workspace block and a defaults block share.
type attributes struct {
	VarFiles           *hcl.Attribute   `hcl:"var_files,optional"`
	Variables          *hcl.Attribute   `hcl:"variables,optional"`
	Engine             *hcl.Attribute   `hcl:"engine,optional"`
	Version            *hcl.Attribute   `hcl:"version,optional"`
	DependsOn          *hcl.Attribute   `hcl:"depends_on,optional"`
	Labels             *hcl.Attribute   `hcl:"labels,optional"`
	Owner              *hcl.Attribute   `hcl:"owner,optional"`
	Watch              *hcl.Attribute   `hcl:"watch,optional"`
	Volatile           *hcl.Attribute   `hcl:"volatile,optional"`
	BackendConfig      *hcl.Attribute   `hcl:"backend_config,optional"`
	Parallelism        *hcl.Attribute   `hcl:"parallelism,optional"`
	TerraformWorkspace *hcl.Attribute   `hcl:"terraform_workspace,optional"`
	Apply              *hcl.Attribute   `hcl:"apply,optional"`
	Freshness          *hcl.Attribute   `hcl:"freshness,optional"`
	RenamedFrom        *hcl.Attribute   `hcl:"renamed_from,optional"`
	Require            *hcl.Attribute   `hcl:"require,optional"`
	Permissions        *permissionsBody `hcl:"permissions,block"`
	Drift              *driftBody       `hcl:"drift,block"`
	Timeouts           *timeoutsBody    `hcl:"timeouts,block"`
}

type timeoutsBody struct {
	Init   *hcl.Attribute `hcl:"init,optional"`
	Plan   *hcl.Attribute `hcl:"plan,optional"`
	Policy *hcl.Attribute `hcl:"policy,optional"`
	Apply  *hcl.Attribute `hcl:"apply,optional"`
	Cancel *hcl.Attribute `hcl:"cancel,optional"`
}

type driftBody struct {
	Schedule  *hcl.Attribute `hcl:"schedule,optional"`
	Reconcile *hcl.Attribute `hcl:"reconcile,optional"`
}
