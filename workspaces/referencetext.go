package workspaces

// blockTexts says what each block is about, by the type that it is read into.
var blockTexts = map[string]string{
	"operatorBody": "The operator's file says which repositories are watched, what the engines may know, and what holds for every repository. `policy` at its top level judges in all of them. `discovery` and `defaults` there are what holds where a repository's own driftless.hcl says nothing else: a limit that must hold belongs into the `repository` block. " +
		"`database_password` is the password of `database`, read anew for each connection. `encryption_key` is what encrypts states, plans and logs: age identities (`AGE-SECRET-KEY-1…`), one per line. " +
		"Without it they are in `secret.key` in the data directory, which is made when it is missing; every driftless on one PostgreSQL database needs the same ones.",
	"repositoryBlock": "A Git repository under watch. The label becomes the first part of the identity of its workspaces (`NAME//DIR`): letters, digits and `.` `_` `-`. " +
		"`discovery`, `defaults` and `workspace` blocks in it win over those of the repository's own driftless.hcl, so this is the place of limits that must hold (`permissions`, `require`, `apply`, `labels`): " +
		"what is set here, driftless.hcl cannot set otherwise. What is not set here it may, and of a map, such as `labels`, it may add keys that are not here. `defaults` with `dirs` hold only for those directories, and driftless.hcl says what lies where. Policies of both judge.",
	"forgeBlock": "A forge and how driftless signs in there: `github` is GitHub or GitHub Enterprise ([github.md](github.md)), `gitea` is Gitea or Forgejo ([gitea.md](gitea.md)). The label is a name for `forge`; both kinds of block share their names. " +
		"Exactly one of `token` and `app` signs in; `app` is for GitHub only. Repositories on its host are watched there: comments, statuses, commands, issues about drift. `webhook_secret` takes webhooks, which only wake the poll; it needs `http`.",
	"appBlock":         "A GitHub App, in place of a token. `private_key` says where the key is that GitHub generated for it (PEM).",
	"httpBlock":        "Where webhooks (`/webhooks/NAME`, by the label of the forge's block) and metrics (`/metrics`) are served; [Operations](operations.md) has more. Without it no port is opened. TLS is a proxy's task.",
	"retentionBlock":   "What is kept, and for how long. driftless removes what is older once a day, and `driftless gc` at once; [Operations](operations.md) says what never goes.",
	"permissionsBody":  "Who may give which commands in comments on a forge. An element is a right in the repository, which includes those above it (`\"read\"`, `\"triage\"`, `\"write\"`, `\"maintain\"`, `\"admin\"`; Gitea has no triage and maintain), `\"team:NAME\"` or `\"team:ORGANISATION/NAME\"`, or `\"user:LOGIN\"`; one of them is enough. `[]` is nobody. Each list that is set replaces the earlier one.",
	"credentialsBlock": "How the Git server is asked, where not by the forge's sign-in. Without both, https is asked anonymously, and ssh as the user that runs driftless is set up (agent, `~/.ssh`). Host keys must be known.",
	"secretBlock":      "Where a secret is: exactly one of `env`, `file` and `command`. It is read anew at each use, without line breaks at its end; an empty one is an error. The value itself never stands in a configuration file.",
	"identityBlock": "Environment variables for the engines of some workspaces. Without an identity that matches, an engine gets nothing of the daemon's environment " +
		"but `HTTP_PROXY` and its kin, `SSL_CERT_FILE` and `SSL_CERT_DIR`. `DRIFTLESS_RUN` is the number of the run. `GOGC` is [set for small engines](operations.md#memory) unless an identity sets it. Several identities may match: the later one wins per variable. All conditions must hold.",
	"environmentBlock": "The variables for runs that only plan (`plan`) and for runs of the tracked branch that may apply (`apply`). Without `apply`, those get the ones of `plan`.",
	"variableBlock": "One environment variable, named by the label: exactly one of `env`, `file` and `command` says where its value is. `TF_DATA_DIR`, `TF_CLI_CONFIG_FILE`, `TF_WORKSPACE`, `TF_CLI_ARGS…`, " +
		"`TF_PLUGIN_CACHE_DIR`, `TF_REATTACH_PROVIDERS`, `TF_INPUT`, `TF_IN_AUTOMATION` and `TMPDIR` cannot be granted: driftless sets them itself.",
	"limitBlock": "How many runs of some workspaces are under way at a time, over all replicas, where a cloud account allows only so many requests. The others go on meanwhile, and what waits says for which limit. " +
		"Several may be about one workspace: all of them hold. The labels that the tracked branch and the operator's file give a workspace count, so no pull request gets out of a limit by an edit of labels; for a workspace that only a pull request has, " +
		"those that it gives count besides. [Operations](operations.md#limits-by-label) has more. The label names the limit.",
	"engineBlock":    "Where an engine comes from; the label is `terraform` or `tofu`. Without it, the one on PATH is used when its version fits, else one is downloaded into the data directory and verified.",
	"discoveryBlock": "Which directories may become workspaces without a `workspace` block ([discovery.md](discovery.md)). Per attribute, the operator's `repository` block wins over driftless.hcl, and that over the top level of the operator's file.",
	"policyBlock":    "A set of Rego files ([policies.md](policies.md)). The label names it in results. All sets that apply judge; exactly one of `dir` and `path` is given.",
	"defaultsBlock":  "Values for every workspace whose directory matches. It takes every attribute that a `workspace` block takes, but for `dir`. A `depends_on` in it leaves out the workspace itself.",
	"workspaceBlock": "One workspace. Without `dir` the label is its directory; with another `dir` the label is its name, and one directory may have several workspaces (`DIR@NAME`). " +
		"Where several blocks speak of one workspace, lists and single values are replaced by the later and maps are merged by key, in this order: `defaults` of the operator's top level, `defaults` of driftless.hcl, its `workspace` block, `defaults` of the operator's `repository` block, the `workspace` block there.",
	"timeoutsBody": "How long each step of a run may take. What takes longer is interrupted, and the run fails with the name of the limit. `\"0s\"`: no limit.",
	"driftBody":    "When drift is looked for, and whether it is repaired without being asked.",
}

const (
	typeText     = "string"
	typeList     = "list of strings"
	typeMap      = "map of strings"
	typeGlobs    = "list of globs"
	typeDuration = "duration, such as `\"30s\"`, `\"15m\"`, `\"24h\"`, `\"90d\"`"
	typeVersion  = "version constraint"
	typeBool     = "true or false"
	typeWhole    = "whole number, from 1 on"
	typeSize     = "size, such as `\"500MiB\"`, `\"10GiB\"`"
)

// attributeTexts describe attributes, by the type that their block is read into and their name.
var attributeTexts = map[string]AttributeDoc{
	"operatorBody.data_dir":         {Type: "path", Default: "`/var/lib/driftless`", Text: "Where driftless keeps its database, mirrors, engines and providers; a relative path begins at the directory of this file. `--data-dir` and `DRIFTLESS_DATA_DIR` win over it."},
	"operatorBody.database":         {Type: "URL", Default: "SQLite in the data directory", Text: "A PostgreSQL database, `postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full`, that several driftless may share ([Operations](operations.md)). `--database` and `DRIFTLESS_DATABASE` win over it. Its password is better kept in `database_password`, or where libpq looks for it (`PGPASSWORD`, `PGPASSFILE`)."},
	"operatorBody.concurrency":      {Type: typeWhole, Default: "one per core", Text: "How many runs have engines at work at a time, at most: [memory](operations.md#memory) may allow fewer. As many again may be recording and reporting what theirs did."},
	"operatorBody.provider_mirrors": {Type: typeList, Default: "none", Text: "Directories that are laid out as `terraform providers mirror` writes them, packed or unpacked. What they hold is taken from there, and no registry is asked for it."},

	"repositoryBlock.url":           {Type: typeText, Text: "`https://host/path`, `ssh://user@host/path`, `user@host:path`, `file:///path` or a path, which begins at the directory of this file if it is relative. Credentials in it are used, but better kept in `credentials`. Where a `github` or `gitea` block has the same host, the last part may be a pattern, `https://host/OWNER/infra-*`: every repository of the owner whose name matches, named `LABEL.NAME`; new ones are found by polling. A repository at a forge has one block: another one for it is an error, and where several patterns match, the first one counts."},
	"repositoryBlock.branch":        {Type: typeText, Default: "the remote's HEAD", Text: "The tracked branch: what is merged there is applied."},
	"repositoryBlock.poll_interval": {Type: typeDuration, Default: "`\"30s\"`", Text: "How often the server is asked for its branches, by one `ls-remote`. At least `\"1s\"`. After failures the interval grows, up to ten times."},
	"repositoryBlock.poll_jitter":   {Type: typeDuration, Default: "a tenth of the interval", Text: "A random time of up to this is added to each interval."},
	"repositoryBlock.forge":         {Type: typeText, Default: "the one whose `url` has the same host", Text: "The name of the `github` or `gitea` block that it belongs to: needed where several fit, or where ssh knows the host by another name. `\"none\"`: it is treated as on a plain Git server."},
	"repositoryBlock.exclude":       {Type: typeGlobs, Default: "none", Text: "Names that a pattern leaves out. A repository with a block of its own is left out by itself."},
	"repositoryBlock.forks":         {Type: "`\"ignore\"` or `\"on_command\"`", Default: "`\"ignore\"`", Text: "Pull requests from forks: not planned, or each commit once somebody who may gives the command `driftless plan`. Whoever wrote it need not have any rights, and its code runs with the plan credentials. Needs a forge."},
	"repositoryBlock.drafts":        {Type: typeBool, Default: "`true`", Text: "Whether drafts are planned. Needs a forge."},
	"repositoryBlock.automerge":     {Type: "`\"merge\"`, `\"squash\"` or `\"rebase\"`", Default: "a person merges", Text: "How a pull request is merged once all of it was applied by `driftless apply` before the merge. Needs a forge."},
	"repositoryBlock.drift_issues":  {Type: "whole number, from 0 on", Default: "`20`", Text: "How many issues about drift may be open at once; beyond it there is one that sums up. `0`: none. Needs a forge."},
	"repositoryBlock.branches":      {Type: "pattern", Default: "`\"driftless/*\"`", Text: "On a plain Git server, which branches are pull requests: those that match and are ahead of the tracked branch. `*` stands for any text, slashes too."},

	"forgeBlock.url":         {Type: "URL", Default: "`https://github.com` for `github`; **required** for `gitea`", Text: "Where people open it, with its path if it has one. `http://` only on this machine."},
	"forgeBlock.write_pause": {Type: typeDuration, Default: "`1s` for `github`, `100ms` for `gitea`", Text: "The least time between requests that write, after a burst of 20. GitHub asks for a second. `\"0s\"` is no pause."},
	"appBlock.id":            {Type: typeWhole, Text: "The App ID, as its page says."},
	"appBlock.installation":  {Type: typeWhole, Default: "that of each repository's owner", Text: "The number at the end of the installation's URL."},
	"httpBlock.listen":       {Type: "`\"host:port\"`", Text: "The address to listen on: `\"127.0.0.1:8080\"` behind a proxy, `\"0.0.0.0:8080\"` for every address of the machine."},

	"retentionBlock.runs":       {Type: typeDuration, Default: "`\"365d\"`", Text: "Runs, pull requests that are merged or closed, and what the forge was to show of them. At least `\"30d\"`: a comment that is older asks for nothing any more."},
	"retentionBlock.artifacts":  {Type: typeDuration, Default: "`\"90d\"`", Text: "Plans and logs of runs."},
	"retentionBlock.size":       {Type: typeSize, Default: "`\"10GiB\"`", Text: "How much plans and logs may take in all, compressed; the oldest go first."},
	"retentionBlock.states":     {Type: typeWhole, Default: "`100`", Text: "The newest versions of each state that driftless keeps, whatever their age."},
	"retentionBlock.states_for": {Type: typeDuration, Default: "`\"90d\"`", Text: "Versions that are younger are kept besides, however many they are."},
	"retentionBlock.events":     {Type: typeDuration, Default: "for ever", Text: "The history. What is left begins with an anchor, which proves what came before; export it first (`driftless audit export`)."},
	"retentionBlock.unused":     {Type: typeDuration, Default: "`\"30d\"`", Text: "Directories on the disk that nothing uses: engines, providers, mirrors of repositories and data directories of workspaces that are gone. At least `\"1d\"`."},
	"retentionBlock.min_free":   {Type: typeSize, Default: "`\"512MiB\"`", Text: "While the disk of the data directory has less room than this, no run is begun, and what is old is removed at once. `\"0\"` turns that off."},

	"permissionsBody.plan":    {Type: typeList, Default: "`[\"write\"]`", Text: "`driftless plan` and `cancel`.", Takes: afterMerge},
	"permissionsBody.apply":   {Type: typeList, Default: "`[\"write\"]`", Text: "`driftless apply` and `unlock`.", Takes: afterMerge},
	"permissionsBody.approve": {Type: typeList, Default: "`[\"admin\"]`", Text: "`driftless approve`. Never the author of the pull request.", Takes: afterMerge},

	"credentialsBlock.username":    {Type: typeText, Default: "`x-access-token` with a password", Text: "The user name over https. Forges take a token with any."},
	"credentialsBlock.known_hosts": {Type: "path", Default: "the user's", Text: "A known_hosts file for ssh."},

	"secretBlock.env":       {Type: typeText, Text: "The name of an environment variable of driftless."},
	"secretBlock.file":      {Type: "absolute path", Text: "A file that holds nothing else."},
	"secretBlock.command":   {Type: typeList, Text: "A program and its arguments; what it prints is the secret. It has one minute."},
	"variableBlock.env":     {Type: typeText, Text: "The name of an environment variable of driftless."},
	"variableBlock.file":    {Type: "absolute path", Text: "A file that holds nothing else."},
	"variableBlock.command": {Type: typeList, Text: "A program and its arguments; what it prints is the value. It has one minute."},

	"identityBlock.repositories": {Type: typeGlobs, Default: "all", Text: "Names of repositories. Name them where a `repository` block has a pattern: in what it finds, driftless.hcl says which directories and labels there are."},
	"identityBlock.dirs":         {Type: typeGlobs, Default: "all", Text: "Directories of workspaces, relative to the repository's root."},
	"identityBlock.labels":       {Type: typeMap, Default: "none", Text: "Labels that a workspace must have, with these values, at the tracked branch: a pull request cannot give itself credentials."},

	"limitBlock.labels": {Type: typeMap, Text: "Labels that a workspace must have, with these values, to be counted; one at least."},
	"limitBlock.runs":   {Type: typeWhole, Text: "How many runs of such workspaces are planned or applied at a time."},

	"engineBlock.path":     {Type: "path", Text: "A binary to use before PATH is looked at. If its version does not fit a workspace, the search goes on."},
	"engineBlock.version":  {Type: typeVersion, Text: "For workspaces that set no `version` themselves; `required_version` and version files hold besides."},
	"engineBlock.releases": {Type: "URL", Default: "`https://releases.hashicorp.com`, OpenTofu's release server", Text: "A release server in place of the vendor's, for closed networks. For terraform it is laid out like the vendor's, for tofu like a mirror of tofudl (`BASE/api.json`, `BASE/vVERSION/ARTIFACT`). Signatures are checked against the vendor's keys all the same."},

	"discoveryBlock.enabled": {Type: typeBool, Default: "`true`", Text: "`false`: only `workspace` blocks make workspaces.", Takes: afterMerge},
	"discoveryBlock.include": {Type: typeGlobs, Default: "all", Text: "Only these directories are looked at.", Takes: atOnce},
	"discoveryBlock.exclude": {Type: typeGlobs, Default: "none", Text: "These directories are no workspaces. At the tracked branch it also bars `workspace` blocks that only a pull request has, and in the operator's file all of driftless.hcl's.", Takes: afterMerge},

	"policyBlock.dir":  {Type: "absolute path", Text: "A directory on the runner's machine. Only in the operator's file."},
	"policyBlock.path": {Type: "path", Text: "A directory of the repository, at the tracked branch.", Takes: afterMerge},

	"defaultsBlock.dirs": {Type: typeGlobs, Default: "all", Text: "Directories of the workspaces that it is about.", Takes: "as what it sets"},
	"workspaceBlock.dir": {Type: "path", Default: "the label", Text: "The root module's directory, relative to the repository's root; `\".\"` is the root.", Takes: atOnce},

	"attributes.var_files":           {Type: typeList, Default: "none", Text: "Variable files, in the order of `-var-file`, relative to the directory; one that begins with `/` is relative to the repository's root. The engine loads `terraform.tfvars` and `*.auto.tfvars` by itself.", Takes: atOnce},
	"attributes.variables":           {Type: "map of values", Default: "none", Text: "Input variables, as `-var` takes them.", Takes: atOnce},
	"attributes.engine":              {Type: "`\"terraform\"` or `\"tofu\"`", Default: "`tofu` with `*.tofu` files or a nearest `.opentofu-version`, else `terraform`", Text: "What runs it.", Takes: afterMerge},
	"attributes.version":             {Type: typeVersion, Default: "that of the `engine` block", Text: "Besides `required_version` and the nearest `.terraform-version` or `.opentofu-version`.", Takes: afterMerge},
	"attributes.depends_on":          {Type: typeList, Default: "none", Text: "Workspaces of the same repository that are applied first: `DIR`, `DIR@NAME`, a name or an identity. One that fails or is held stops what depends on it. A cycle is an error.", Takes: atOnce},
	"attributes.labels":              {Type: typeMap, Default: "none", Text: "For identities, limits, policies and `approve -l`; all of them see the labels of the tracked branch.", Takes: afterMerge},
	"attributes.owner":               {Type: typeText, Default: "from `CODEOWNERS`", Text: "Who answers for it; shown in reports and given to policies. Where nothing is said, whom the tracked branch's CODEOWNERS names for its first file ([discovery.md](discovery.md#who-owns-a-workspace)).", Takes: atOnce},
	"attributes.watch":               {Type: typeGlobs, Default: "none", Text: "More files that it depends on, relative to the repository's root: a change of one plans it again.", Takes: atOnce},
	"attributes.volatile":            {Type: typeList, Default: "none", Text: "Changes that are not compared with what was reviewed, because they differ at every plan: `\"ADDRESS:attribute.path\"`, or a path alone for any address; `*` stands for any text. They are listed in the report.", Takes: afterMerge},
	"attributes.backend_config":      {Type: typeMap, Default: "none", Text: "`-backend-config` values. Without a backend block they have no effect.", Takes: atOnce},
	"attributes.parallelism":         {Type: typeWhole, Default: "the engine's, 10", Text: "`-parallelism`.", Takes: afterMerge},
	"attributes.terraform_workspace": {Type: typeText, Default: "`default`", Text: "The CLI workspace within the backend: letters, digits and `_` `.` `-`. Where driftless keeps the state it is an error: use several `workspace` blocks.", Takes: atOnce},
	"attributes.apply":               {Type: "`\"on_merge\"`, `\"before_merge\"` or `\"manual\"`", Default: "`\"on_merge\"`", Text: "`on_merge`: what was reviewed is applied after the merge. `manual`: an approval is needed each time. `before_merge`: `driftless apply` in a pull request on a forge applies what its report shows, as far as `require` is met; what was not is applied after the merge like `on_merge`.", Takes: afterMerge},
	"attributes.require":             {Type: "list of `\"approved\"`, `\"mergeable\"`, `\"undiverged\"`", Default: "all three", Text: "What an apply before the merge waits for: somebody else with write access approved this very commit, and nobody with it asks for changes; the forge would merge it; what the workspace reads did not change on the tracked branch since. Policies and a report on this commit are required besides, always.", Takes: afterMerge},
	"attributes.freshness":           {Type: typeDuration, Default: "`\"24h\"`", Text: "How long a pull request's plan is trusted while only others change, and how long a drift check where there is no schedule. `\"0s\"`: no drift checks without a schedule.", Takes: afterMerge},
	"attributes.renamed_from":        {Type: typeText, Text: "Its earlier identity without the repository (`DIR` or `DIR@NAME`): state, history and what was applied go along. It must be gone: two workspaces cannot share one state.", Takes: atOnce},

	"timeoutsBody.init":   {Type: typeDuration, Default: "`\"30m\"`", Text: "`init`, with the downloads of providers and modules.", Takes: afterMerge},
	"timeoutsBody.plan":   {Type: typeDuration, Default: "`\"2h\"`", Text: "`plan`.", Takes: afterMerge},
	"timeoutsBody.policy": {Type: typeDuration, Default: "`\"2m\"`", Text: "The policies. What is not judged in time is blocked.", Takes: afterMerge},
	"timeoutsBody.apply":  {Type: typeDuration, Default: "`\"12h\"`", Text: "`apply`. It holds while driftless itself is stopped, too.", Takes: afterMerge},
	"timeoutsBody.cancel": {Type: typeDuration, Default: "`\"5m\"`", Text: "How long the engine of an apply that is canceled, or that reached its limit, gets to finish what it is doing, save its state and release its lock. Then it is killed, and the run is `interrupted`. Not `\"0s\"`.", Takes: afterMerge},

	"driftBody.schedule":  {Type: "cron expression, UTC", Default: "whenever `freshness` ends", Text: "Minute, hour, day, month, weekday, such as `\"0 */6 * * *\"`. Each workspace is late by an offset of its own, of at most a tenth of the period and five minutes.", Takes: afterMerge},
	"driftBody.reconcile": {Type: typeBool, Default: "`false`", Text: "Repairs drift by itself when all of it is `external`, nothing would be deleted, replaced or forgotten, nothing merged waits to be applied, and policy passes.", Takes: afterMerge},
}
