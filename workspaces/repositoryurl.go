package workspaces

import (
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

const urlForms = "Use https://host/path, ssh://user@host/path, user@host:path, file:///path or a path."

// repositoryURL reads where a repository is. A path is made absolute, from the directory of the file.
func (d *decoder) repositoryURL(a *hcl.Attribute) string {
	raw := d.literal(a)
	scheme, _, isURL := strings.Cut(raw, "://")
	switch {
	case raw == "":
	case isURL:
		d.checkURL(a, raw, strings.TrimPrefix(strings.ToLower(scheme), "git+"))
	case !isScp(raw):
		return d.from(raw)
	}
	return raw
}

// checkURL never quotes the URL, which may hold a password.
func (d *decoder) checkURL(a *hcl.Attribute, raw, scheme string) {
	known := []string{"https", "http", "ssh", "file"}
	if !slices.Contains(known, scheme) {
		d.wrong(a, "URLs of the kind %s:// are not supported.%s %s", scheme, didYouMean(scheme, known...), urlForms)
		return
	}
	switch u, err := url.Parse(raw); {
	case err != nil:
		d.wrong(a, "This is not a URL (special characters of a user name or password are percent-encoded). %s", urlForms)
	case scheme == "file" && u.Host != "" && u.Host != "localhost":
		d.wrong(a, "A file URL names no host: file:///path.")
	case scheme != "file" && u.Hostname() == "":
		d.wrong(a, "The URL names no host. %s", urlForms)
	}
}

// isScp tells user@host:path from a path, as Git does.
func isScp(raw string) bool {
	colon, slash := strings.IndexByte(raw, ':'), strings.IndexByte(raw, '/')
	return colon > 0 && (slash < 0 || colon < slash)
}

// isLocal reports whether a URL names a directory of this machine.
func isLocal(raw string) bool {
	return strings.HasPrefix(strings.ToLower(raw), "file://") || !strings.Contains(raw, "://") && !isScp(raw)
}

// from makes a path of the operator's file absolute: relative ones begin at the file's directory.
func (d *decoder) from(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	if abs, err := filepath.Abs(filepath.Join(filepath.Dir(d.filename), name)); err == nil {
		return abs
	}
	return name
}

// literal reads a string that no number is taken for.
func (d *decoder) literal(a *hcl.Attribute) string {
	if a == nil {
		return ""
	}
	if v, err := constant(a.Expr); err == nil && v.Type() != cty.String {
		d.wrong(a, "This must be %s.", friendly(cty.String))
		return ""
	}
	return d.text(a)
}

// branch reads the name of a branch, by the rules of git check-ref-format --branch.
func (d *decoder) branch(a *hcl.Attribute) string {
	name := d.literal(a)
	if name != "" && !isBranch(name) {
		d.wrong(a, "%q is not the name of a branch (git check-ref-format has the rules).", name)
	}
	return name
}

func isBranch(name string) bool {
	if strings.HasPrefix(name, "-") || name == "HEAD" || name == "@" || strings.HasSuffix(name, ".") || strings.Contains(name, "..") || strings.Contains(name, "@{") {
		return false
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`~^:?*[\`, r) }) {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part[0] == '.' || strings.HasSuffix(part, ".lock") {
			return false
		}
	}
	return true
}

// ReservedVariables are the environment variables that driftless sets for engines itself, so that no identity can.
// Those that begin with TF_CLI_ARGS_ are reserved as well.
var ReservedVariables = []string{
	"TF_DATA_DIR", "TF_CLI_CONFIG_FILE", "TERRAFORM_CONFIG", "TF_WORKSPACE", "TF_INPUT", "TF_IN_AUTOMATION", "TF_CLI_ARGS",
	"TF_PLUGIN_CACHE_DIR", "TF_REATTACH_PROVIDERS", "TMPDIR",
}

func isReserved(name string) bool {
	return slices.Contains(ReservedVariables, name) || strings.HasPrefix(name, "TF_CLI_ARGS_")
}
