package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/driftlessops/driftless/workspaces"
	"github.com/driftlessops/driftless/workspaces/gitrepo"
)

// localTree is one tree of a local repository, and what the operator says of that repository.
type localTree struct {
	mirror   *gitrepo.Mirror
	conf     workspaces.Repository
	operator workspaces.Settings
	tree     string // tree or commit id
	top      string // of the work tree, "" when there is none
}

// openLocal opens the repository at or above dir. Without a revision it looks at the work tree, with what is not committed.
// The repository has the name that it is given, that of the operator's file for the URL of its remote origin, or that of its
// directory; the first two bring the operator's settings along.
func openLocal(ctx context.Context, dir, name, rev string, config *workspaces.Config) (l localTree, err error) {
	var top string
	if l.mirror, top, err = gitrepo.OpenLocal(ctx, dir); err != nil {
		return l, err
	}
	if l.top = top; top == "" {
		top = dir
	}
	if top, err = filepath.Abs(top); err != nil {
		return l, err
	}
	l.operator = config.Settings
	l.conf = identify(config.Repositories, name, top, origin(ctx, top))
	if rev == "" {
		if l.tree, err = l.mirror.WorkTree(ctx); err == nil {
			return l, nil
		}
		rev = "HEAD" // a bare repository has no work tree
	}
	if l.tree, err = l.mirror.Resolve(ctx, rev); err != nil {
		return l, fmt.Errorf("there is no revision %q here: `git log %[1]s` says more (%w)", rev, err)
	}
	return l, nil
}

// identify finds the repository block that is about a local repository, or whose pattern is.
func identify(known []workspaces.Repository, name, top, origin string) workspaces.Repository {
	for _, r := range known {
		if r.Pattern != "" {
			of := path.Base(place(origin))
			if name != "" {
				of = strings.TrimPrefix(name, r.Name+".")
			}
			var ok bool
			if r, ok = r.Member(of); !ok {
				continue
			}
		}
		if name == "" && sameRepository(r.URL, origin) || r.Name == name {
			return r
		}
	}
	if name == "" {
		name = strings.TrimSuffix(filepath.Base(top), ".git")
	}
	return workspaces.Repository{Name: name}
}

// origin is the URL of the remote origin, or "". A relative path is relative to top.
func origin(ctx context.Context, top string) string {
	out, err := exec.CommandContext(ctx, "git", "-C", top, "remote", "get-url", "origin").Output()
	url := strings.TrimSpace(string(out))
	if err != nil || url == "" {
		return ""
	}
	if strings.HasPrefix(url, ".") {
		url = filepath.Join(top, url)
	}
	return url
}

// sameRepository reports whether two URLs name one repository: its host and path count, not how it is reached or as whom.
func sameRepository(a, b string) bool { return a != "" && b != "" && place(a) == place(b) }

func place(url string) string {
	scheme, rest, found := strings.Cut(url, "://")
	switch {
	case found && scheme == "file":
		rest = realPath(rest)
	case found:
	case strings.HasPrefix(url, "/"):
		rest = realPath(url)
	default:
		rest = strings.Replace(url, ":", "/", 1) // host:path
	}
	host, path, _ := strings.Cut(rest, "/")
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	host, _, _ = strings.Cut(host, ":")
	return strings.ToLower(host) + "/" + strings.TrimSuffix(strings.Trim(path, "/"), ".git")
}

func realPath(p string) string {
	if real, err := filepath.EvalSymlinks(p); err == nil {
		return real
	}
	return filepath.Clean(p)
}

// resolve finds the workspaces of a tree; trusted says what they may do ("" = the tree itself).
func (l localTree) resolve(ctx context.Context, tree, trusted string) (*workspaces.Set, error) {
	src := workspaces.Source{Repository: l.conf, Operator: l.operator}
	var err error
	if src.Tree, err = l.mirror.Tree(ctx, tree); err != nil {
		return nil, err
	}
	if trusted != "" {
		if src.Trusted, err = l.mirror.Tree(ctx, trusted); err != nil {
			return nil, err
		}
	}
	return workspaces.Resolve(src)
}

// set resolves a tree; a repository file that does not parse is shown with its places.
func (a *app) set(ctx context.Context, l localTree, tree, trusted string) (*workspaces.Set, error) {
	set, err := l.resolve(ctx, tree, trusted)
	var diags hcl.Diagnostics
	if errors.As(err, &diags) {
		a.diagnose(set, diags)
		return nil, exitCode(1)
	}
	return set, err
}

// diagnose writes diagnostics to standard error.
func (a *app) diagnose(set *workspaces.Set, diags hcl.Diagnostics) {
	var files map[string][]byte
	if set != nil {
		files = set.Sources
	}
	_, _ = fmt.Fprint(a.err, workspaces.FormatDiagnostics(files, diags, width(a.err), a.colored(a.err)))
}
