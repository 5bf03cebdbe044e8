package workspaces

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/adhocore/gronx"
	"github.com/hashicorp/hcl/v2"
)

// settings decodes the blocks that both files may hold.
func (d *decoder) settings(body settingsBody) Settings {
	s := Settings{Discovery: d.discovery(body.Discovery)}
	for _, b := range body.Defaults {
		s.Defaults = append(s.Defaults, d.defaults(b))
	}
	for _, b := range body.Workspaces {
		s.Workspaces = append(s.Workspaces, d.workspace(b))
	}
	seen := map[target]hcl.Range{}
	for _, b := range s.Workspaces {
		t := b.target()
		if first, twice := seen[t]; twice {
			d.fail(b.Range, "Duplicate workspace", "%s is already defined at %s.", t, first)
			continue
		}
		seen[t] = b.Range
	}
	s.Policies = d.policies(body.Policies)
	return s
}

func (d *decoder) discovery(b *discoveryBlock) *Discovery {
	if b == nil {
		return nil
	}
	return &Discovery{Enabled: d.boolean(b.Enabled), Include: d.list(b.Include, checkGlob), Exclude: d.list(b.Exclude, checkGlob)}
}

func (d *decoder) policies(blocks []policyBlock) []Policy {
	var all []Policy
	seen := map[string]hcl.Range{}
	for _, b := range blocks {
		p := Policy{Name: b.Name, Dir: d.text(b.Dir), Path: d.text(b.Path), Range: b.Range}
		switch {
		case (b.Dir == nil) == (b.Path == nil):
			d.fail(b.Range, "Which policy?", "Set exactly one of dir (a directory on the runner's machine, in the operator's file) and path (a path at the tracked branch of the repository).")
		case b.Dir != nil && p.Dir != "" && !path.IsAbs(p.Dir):
			d.wrong(b.Dir, "%q must be an absolute path.", p.Dir)
		case b.Path != nil && p.Path != "":
			p.Path = d.dir(b.Path, p.Path)
		}
		if first, twice := seen[b.Name]; twice {
			d.fail(b.Range, "Duplicate policy", "Policy %q is already defined at %s.", b.Name, first)
		}
		seen[b.Name] = b.Range
		all = append(all, p)
	}
	return all
}

func (d *decoder) dir(a *hcl.Attribute, s string) string {
	clean, err := cleanDir(s)
	if err != nil {
		d.wrong(a, "The directory %s.", err)
		return s
	}
	return clean
}

func (d *decoder) defaults(b defaultsBlock) Block {
	block := d.attributes(b.Attributes)
	block.Dirs, block.Range = d.list(b.Dirs, checkGlob), b.Range
	return block
}

var workspaceName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]*$`)

func (d *decoder) workspace(b workspaceBlock) Block {
	block := d.attributes(b.Attributes)
	block.Label, block.Range = b.Label, b.Range
	if b.Dir == nil {
		if _, err := cleanDir(b.Label); err != nil {
			d.fail(b.Range, "Wrong workspace label", "Without dir the label is the workspace's directory: %s.", err)
		}
		return block
	}
	if block.Dir = d.text(b.Dir); block.Dir != "" {
		block.Dir = d.dir(b.Dir, block.Dir)
		if path.Clean(b.Label) != block.Dir && !workspaceName.MatchString(b.Label) {
			d.fail(b.Range, "Wrong workspace name", "%q must be letters, digits and . _ / - only.", b.Label)
		}
	}
	return block
}

// attributes decodes what workspace and defaults blocks share.
func (d *decoder) attributes(a attributes) Block {
	return Block{
		VarFiles:           d.list(a.VarFiles, checkVarFile),
		Variables:          d.variables(a.Variables),
		Engine:             d.oneOf(a.Engine, "terraform", "tofu"),
		Version:            d.constraint(a.Version),
		DependsOn:          d.list(a.DependsOn, nil),
		Labels:             d.stringMap(a.Labels),
		Owner:              d.text(a.Owner),
		Watch:              d.list(a.Watch, checkGlob),
		Volatile:           d.list(a.Volatile, nil),
		BackendConfig:      d.stringMap(a.BackendConfig),
		Parallelism:        d.count(a.Parallelism),
		TerraformWorkspace: d.terraformWorkspace(a.TerraformWorkspace),
		Apply:              ApplyMode(d.oneOf(a.Apply, string(OnMerge), string(BeforeMerge), string(Manual))),
		Drift:              d.drift(a.Drift),
		Freshness:          d.duration(a.Freshness),
		Timeouts:           d.timeouts(a.Timeouts),
		RenamedFrom:        d.renamedFrom(a.RenamedFrom),
		Permissions:        d.permissions(a.Permissions),
		Require:            d.require(a.Require),
	}
}

// cliWorkspace is a name that is one path element and no option, in every backend.
var cliWorkspace = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)

func (d *decoder) terraformWorkspace(a *hcl.Attribute) string {
	name := d.text(a)
	if name != "" && !cliWorkspace.MatchString(name) {
		d.wrong(a, "%q must be letters, digits and _ . - only, and begin with a letter, a digit or _.", name)
	}
	return name
}

// renamedFrom reads an identity without the repository, in the one form that identities have.
func (d *decoder) renamedFrom(a *hcl.Attribute) string {
	if name := d.text(a); name != "" {
		return path.Clean(name)
	}
	return ""
}

func (d *decoder) drift(b *driftBody) *DriftBlock {
	if b == nil {
		return nil
	}
	drift := &DriftBlock{Schedule: d.text(b.Schedule), Reconcile: d.boolean(b.Reconcile)}
	if drift.Schedule != "" && !gronx.IsValid(drift.Schedule) {
		d.wrong(b.Schedule, "%q is not a cron expression. Write it like \"0 */6 * * *\" (minute, hour, day, month, weekday).", drift.Schedule)
	}
	return drift
}

func checkVarFile(name string) error {
	if strings.HasPrefix(name, "/") && escapes(strings.TrimLeft(name, "/")) {
		return fmt.Errorf("%q leaves the repository", name)
	}
	return nil
}

func quoted(words []string) string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = fmt.Sprintf("%q", w)
	}
	return strings.Join(all, ", ")
}
