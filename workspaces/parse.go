package workspaces

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
)

// Parse reads a configuration file of the given kind and checks all that can be checked without a repository.
// All errors are returned at once, with their place. filename ending in .json is read as JSON.
// The Config is never nil, and holds what could be read.
func Parse(kind FileKind, filename string, src []byte) (*Config, hcl.Diagnostics) {
	file, diags := parseHCL(filename, src)
	if file == nil || file.Body == nil {
		return &Config{}, diags
	}
	d := &decoder{filename: filename}
	var c *Config
	if kind == OperatorFile {
		c = d.parseOperator(file.Body)
	} else {
		c = d.parseRepository(file.Body)
	}
	if diags.HasErrors() {
		// After a syntax error a part of the file is missing, so that complaints about what is missing would mislead.
		d.diags = withoutMissing(d.diags)
	}
	sortDiagnostics(d.diags)
	return c, firstDiagnostics(append(diags, d.diags...))
}

const maxDiagnostics = 100

// firstDiagnostics keeps what a person may read; a hostile file has a hundred thousand errors, and showing each takes a look
// at the whole file.
func firstDiagnostics(diags hcl.Diagnostics) hcl.Diagnostics {
	if len(diags) <= maxDiagnostics {
		return diags
	}
	more := &hcl.Diagnostic{Severity: hcl.DiagError, Summary: fmt.Sprintf("%d more errors and warnings", len(diags)-maxDiagnostics), Detail: "Mend the first ones to see them."}
	return append(diags[:maxDiagnostics:maxDiagnostics], more)
}

func withoutMissing(diags hcl.Diagnostics) hcl.Diagnostics {
	var kept hcl.Diagnostics
	for _, d := range diags {
		if !strings.HasPrefix(d.Summary, "Missing") {
			kept = append(kept, d)
		}
	}
	return kept
}

func (d *decoder) parseOperator(body hcl.Body) *Config {
	var o operatorBody
	rest := d.misplaced(body, workspaceSchema, "A workspace block belongs in the repository block of its repository, or into driftless.hcl at the repository's root.")
	d.diags = append(d.diags, gohcl.DecodeBody(rest, nil, &o)...)
	return d.operator(o)
}

func (d *decoder) parseRepository(body hcl.Body) *Config {
	rest := d.misplaced(body, operatorOnly, "This belongs in the operator's file (/etc/driftless/config.hcl): a repository must not decide about the machine that runs it.")
	var s settingsBody
	d.diags = append(d.diags, gohcl.DecodeBody(rest, nil, &s)...)
	for _, p := range s.Policies {
		if p.Dir != nil {
			d.fail(p.Dir.Range, "dir does not belong here", "dir of a policy belongs in the operator's file: it names a directory on the runner's machine. Use path for a directory of this repository.")
		}
	}
	return &Config{Settings: d.settings(s)}
}

var (
	operatorOnly = &hcl.BodySchema{
		Attributes: []hcl.AttributeSchema{{Name: "data_dir"}, {Name: "database"}, {Name: "concurrency"}, {Name: "provider_mirrors"}},
		Blocks: []hcl.BlockHeaderSchema{
			{Type: "repository", LabelNames: []string{"name"}}, {Type: "identity", LabelNames: []string{"name"}},
			{Type: "limit", LabelNames: []string{"name"}}, {Type: "engine", LabelNames: []string{"kind"}}, {Type: "github", LabelNames: []string{"name"}},
			{Type: "gitea", LabelNames: []string{"name"}}, {Type: "http"}, {Type: "database_password"}, {Type: "encryption_key"},
		},
	}
	workspaceSchema = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "workspace", LabelNames: []string{"label"}}}}
)

// misplaced reports what stands in the wrong file, and returns the rest of the body.
func (d *decoder) misplaced(body hcl.Body, schema *hcl.BodySchema, why string) hcl.Body {
	content, rest, diags := body.PartialContent(schema)
	d.diags = append(d.diags, diags...)
	for _, a := range content.Attributes {
		d.fail(a.NameRange, a.Name+" does not belong here", "%s", why)
	}
	for _, b := range content.Blocks {
		d.fail(b.DefRange, b.Type+" does not belong here", "%s", why)
	}
	return rest
}
