package workspaces

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/hashicorp/go-version"
)

// address is the source of a module call, as the engines read it.
type address struct {
	kind string // "local", "registry", "git", "other" (archives, other version control)
	url  string // git: the repository, without subdirectory and query
	ref  string // git: branch, tag or commit; "" = HEAD
	pin  bool   // it can only ever mean one content
}

var (
	registryAddress = regexp.MustCompile(`^([0-9A-Za-z][0-9A-Za-z.:-]*\.[0-9A-Za-z.:-]+/)?[0-9A-Za-z][0-9A-Za-z_-]*/[0-9A-Za-z][0-9A-Za-z_-]*/[0-9a-z]+(//.*)?$`)
	scpAddress      = regexp.MustCompile(`^[^/@:]+@[^/:]+:`)
	fullCommit      = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)
)

// readAddress classifies a source. version is the call's version argument.
func readAddress(source, version string) address {
	switch {
	case strings.HasPrefix(source, "./"), strings.HasPrefix(source, "../"), source == ".", source == "..":
		return address{kind: "local", pin: true}
	case strings.HasPrefix(source, "git::"), scpAddress.MatchString(source), isGitHost(source):
		return gitAddress(strings.TrimPrefix(source, "git::"))
	case registryAddress.MatchString(source):
		return address{kind: "registry", pin: isExact(version)}
	case strings.HasPrefix(source, "oci://"):
		return address{kind: "other", pin: strings.Contains(source, "digest=sha256:")}
	}
	return address{kind: "other"}
}

func isGitHost(source string) bool {
	for _, host := range []string{"github.com/", "bitbucket.org/"} {
		if strings.HasPrefix(source, host) {
			return true
		}
	}
	return false
}

func gitAddress(source string) address {
	source, query, _ := strings.Cut(source, "?")
	values, _ := url.ParseQuery(query)
	a := address{kind: "git", ref: values.Get("ref")}
	scheme, rest := "", source
	if i := strings.Index(source, "://"); i >= 0 {
		scheme, rest = source[:i+3], source[i+3:]
	} else if isGitHost(source) {
		scheme = "https://"
	}
	rest, _, _ = strings.Cut(rest, "//")
	if isGitHost(source) { // host/owner/repository/sub/directory
		if parts := strings.SplitN(rest, "/", 4); len(parts) == 4 {
			rest = strings.Join(parts[:3], "/")
		}
		rest = strings.TrimSuffix(rest, ".git") + ".git"
	}
	a.url, a.pin = scheme+rest, fullCommit.MatchString(a.ref)
	return a
}

// onThisMachine reports whether the URL of a repository is a path or a file URL.
func (a address) onThisMachine() bool {
	if scheme, _, ok := strings.Cut(a.url, "://"); ok {
		return strings.EqualFold(scheme, "file")
	}
	host, _, ok := strings.Cut(a.url, ":")
	return !ok || strings.Contains(host, "/")
}

// isExact reports whether a version constraint allows one version only.
func isExact(constraint string) bool {
	_, err := version.NewVersion(strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(constraint), "=")))
	return err == nil
}
