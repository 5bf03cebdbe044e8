package workspaces

import (
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
)

const (
	defaultPollInterval = 30 * time.Second
	defaultBranches     = "driftless/*"
)

var (
	repositoryName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	environName    = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// operator decodes the operator's file.
func (d *decoder) operator(body operatorBody) *Config {
	c := &Config{}
	if dir := d.literal(body.DataDir); dir != "" {
		c.DataDir = d.from(dir)
	}
	if n := d.count(body.Concurrency); n != nil {
		c.Concurrency = *n
	}
	for _, dir := range d.list(body.Mirrors, nil) {
		c.Mirrors = append(c.Mirrors, d.from(dir))
	}
	c.Database = d.text(body.Database)
	if c.Database != "" && !strings.HasPrefix(c.Database, "postgres://") && !strings.HasPrefix(c.Database, "postgresql://") {
		d.wrong(body.Database, "This must be the URL of a PostgreSQL database, such as \"postgres://driftless@db.example.com/driftless?sslmode=verify-full\". Leave it out for SQLite in the data directory.")
	}
	c.DatabasePassword, c.EncryptionKey = d.secret(body.Password), d.secret(body.Key)
	c.Forges, c.HTTP, c.Retention = d.forges(body), d.http(body.HTTP), d.retention(body.Retention)
	names := map[string]hcl.Range{}
	for _, b := range body.Repositories {
		d.unique(names, "repository", b.Name, b.Range)
		r := d.repository(b)
		d.hosting(&r, b, c.Forges)
		c.Repositories = append(c.Repositories, r)
	}
	d.once(c.Repositories, c.Forges)
	d.patterns(c.Repositories)
	names = map[string]hcl.Range{}
	for _, b := range body.Identities {
		d.unique(names, "identity", b.Name, b.Range)
		c.Identities = append(c.Identities, d.identity(b))
	}
	names = map[string]hcl.Range{}
	for _, b := range body.Limits {
		d.unique(names, "limit", b.Name, b.Range)
		c.Limits = append(c.Limits, d.limit(b))
	}
	names = map[string]hcl.Range{}
	for _, b := range body.Engines {
		d.unique(names, "engine", b.Kind, b.Range)
		c.Engines = append(c.Engines, d.engine(b))
	}
	c.Settings = d.settings(settingsBody{Discovery: body.Discovery, Defaults: body.Defaults, Policies: body.Policies})
	return c
}

func (d *decoder) unique(seen map[string]hcl.Range, what, name string, at hcl.Range) {
	if first, twice := seen[name]; twice {
		d.fail(at, "Duplicate "+what, "%s %q is already defined at %s.", what, name, first)
		return
	}
	seen[name] = at
}

func (d *decoder) repository(b repositoryBlock) Repository {
	if !repositoryName.MatchString(b.Name) {
		d.fail(b.Range, "Wrong repository name", "%q must be letters, digits and . _ - only: it becomes part of every workspace's identity.", b.Name)
	}
	if b.URL == nil {
		d.fail(b.Range, "Missing url", "A repository needs url = \"https://…\", \"ssh://…\" or a path.")
	}
	r := Repository{
		Name: b.Name, URL: d.repositoryURL(b.URL), Branch: d.branch(b.Branch), Branches: d.text(b.Branches),
		Credentials: d.credentials(b.Credentials), PollInterval: defaultPollInterval, Range: b.Range,
		Settings: d.settings(settingsBody{Discovery: b.Discovery, Defaults: b.Defaults, Workspaces: b.Workspaces, Policies: b.Policies}),
	}
	if r.Credentials != nil && r.URL != "" && isLocal(r.URL) {
		d.fail(b.Credentials.Range, "Nobody to give credentials to", "The repository is a directory of this machine, which asks for none: remove the block.")
	}
	if r.Branches == "" {
		r.Branches = defaultBranches
	} else if err := checkGlob(r.Branches); err != nil {
		d.wrong(b.Branches, "%s.", err)
	}
	if t := d.duration(b.PollInterval); t != nil {
		r.PollInterval = *t
		if *t < time.Second {
			d.wrong(b.PollInterval, "A server must not be asked more than once a second.")
		}
	}
	r.PollJitter = r.PollInterval / 10
	if t := d.duration(b.PollJitter); t != nil {
		r.PollJitter = *t
	}
	return r
}

func (d *decoder) credentials(b *credentialsBlock) *Credentials {
	if b == nil {
		return nil
	}
	if b.Password != nil && b.SSHKey != nil {
		d.fail(b.SSHKey.Range, "Two kinds of credentials", "Set password for an https URL, or ssh_key for an ssh URL, not both.")
	}
	return &Credentials{
		Username: d.text(b.Username), KnownHosts: d.text(b.KnownHosts),
		Password: d.secret(b.Password), SSHKey: d.secret(b.SSHKey),
	}
}

// secret decodes a reference to a secret: exactly one of env, file and command.
func (d *decoder) secret(b *secretBlock) *Secret {
	if b == nil {
		return nil
	}
	s := &Secret{Env: d.text(b.Env), File: d.text(b.File), Command: d.list(b.Command, nil)}
	set := 0
	for _, a := range []*hcl.Attribute{b.Env, b.File, b.Command} {
		if a != nil {
			set++
		}
	}
	switch {
	case set != 1:
		d.fail(b.Range, "Where is the secret?", "Set exactly one of env (the name of an environment variable), file (a path) and command (a list). The value itself never stands in a configuration file.")
	case s.Env != "" && !environName.MatchString(s.Env):
		d.fail(b.Env.Expr.Range(), "Wrong value for env", "This must be the name of an environment variable, not a value.")
	case b.Command != nil && s.Command != nil && len(s.Command) == 0:
		d.wrong(b.Command, "This must name a program, such as [\"vault\", \"read\", \"...\"].")
	case s.File != "" && !path.IsAbs(s.File):
		d.wrong(b.File, "%q must be an absolute path.", s.File)
	}
	return s
}

func (d *decoder) identity(b identityBlock) Identity {
	return Identity{
		Name: b.Name, Repositories: d.list(b.Repositories, checkGlob), Dirs: d.list(b.Dirs, checkGlob),
		Labels: d.stringMap(b.Labels), Plan: d.environment(b.Plan), Apply: d.environment(b.Apply), Range: b.Range,
	}
}

func (d *decoder) environment(b *environmentBlock) map[string]Secret {
	if b == nil {
		return nil
	}
	all, names := map[string]Secret{}, map[string]hcl.Range{}
	for _, v := range b.Env {
		if !environName.MatchString(v.Name) {
			d.fail(v.Range, "Wrong variable name", "%q is not the name of an environment variable.", v.Name)
		} else if isReserved(v.Name) {
			d.fail(v.Range, "Reserved variable", "driftless sets %s for engines itself: remove it from the identity.", v.Name)
		}
		d.unique(names, "env", v.Name, v.Range)
		all[v.Name] = *d.secret(&secretBlock{Env: v.Env, File: v.File, Command: v.Command, Range: v.Range})
	}
	return all
}

func (d *decoder) engine(b engineBlock) EngineBlock {
	if b.Kind != "terraform" && b.Kind != "tofu" {
		d.fail(b.Range, "Unknown engine", "%q is not an engine; it must be \"terraform\" or \"tofu\".%s", b.Kind, didYouMean(b.Kind, "terraform", "tofu"))
	}
	return EngineBlock{Kind: b.Kind, Path: d.text(b.Path), Version: d.constraint(b.Version), Releases: d.text(b.Releases)}
}
