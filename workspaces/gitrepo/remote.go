package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// Refs are the refs of a remote: full name → commit, plus the branch that HEAD names.
type Refs struct {
	Head string // "main"
	All  map[string]string
}

// Branch returns the commit of a branch, or "".
func (r Refs) Branch(name string) string { return r.All["refs/heads/"+name] }

// advertised is what a remote says of itself.
type advertised struct {
	Refs
	head string // the commit of HEAD, which may be detached
}

var (
	errLocal       = errors.New("a local repository has no remote of its own")
	errThisMachine = errors.New("a repository on the machine of driftless is not asked for a ref; use https:// or ssh://")
	errSHA256      = errors.New("the repository uses SHA-256 object ids, which are not supported; use a SHA-1 repository")
)

// Remote asks the remote for its refs: one ls-remote. Over HTTP it needs no process. Annotated tags are shown by their
// commit. An empty repository has no refs. Errors are of type *RemoteError.
func (m *Mirror) Remote(ctx context.Context) (Refs, error) {
	if m.local {
		return Refs{}, &RemoteError{URL: m.gitDir, Kind: KindOther, Err: errLocal}
	}
	auth, err := m.auth(ctx)
	if err != nil {
		return Refs{}, err
	}
	a, err := m.remote.list(ctx, auth, patience)
	return a.Refs, err
}

// auth asks for the credentials anew.
func (m *Mirror) auth(ctx context.Context) (Auth, error) {
	if m.opts.Auth == nil {
		return Auth{}, nil
	}
	auth, err := m.opts.Auth(ctx)
	if err != nil {
		return Auth{}, &RemoteError{URL: m.remote.display, Kind: KindAuth, Err: fmt.Errorf("read the credentials: %w", err)}
	}
	return auth, nil
}

// ResolveRef returns the commit that ref ("" = HEAD) of the repository at url names, by ls-remote. A full name
// ("refs/heads/x") counts as it is; else a tag goes before a branch, as in Git. A full commit id is its own answer.
//
// The URL may be anybody's choice: a repository on this machine is refused, and an auth without user name, password and
// key asks as nobody, not as the user that we run as (no ~/.ssh, ~/.netrc or agent). Errors are of type *RemoteError.
func ResolveRef(ctx context.Context, url, ref string, auth Auth) (string, error) {
	if isID(ref) {
		return ref, nil
	}
	l, err := parseLocation(url)
	if err != nil {
		return "", &RemoteError{URL: "the repository", Kind: KindOther, Err: err}
	}
	if l.scheme == "file" {
		return "", &RemoteError{URL: l.display, Kind: KindOther, Err: errThisMachine}
	}
	l.stranger = auth.Username == "" && auth.Password == "" && len(auth.SSHKey) == 0
	a, err := l.list(ctx, auth, patience)
	if err != nil {
		return "", err
	}
	if ref == "" || ref == "HEAD" {
		if a.head == "" {
			return "", &RemoteError{URL: l.display, Kind: KindOther, Err: errors.New("its HEAD names no commit; name a branch or a tag")}
		}
		return a.head, nil
	}
	for _, name := range []string{ref, "refs/" + ref, "refs/tags/" + ref, "refs/heads/" + ref} {
		if id := a.All[name]; id != "" {
			return id, nil
		}
	}
	return "", &RemoteError{URL: l.display, Kind: KindOther, Err: fmt.Errorf("it has no branch or tag %q (short commit ids cannot be looked up)", ref)}
}

// patience is how long a remote may take to list its refs, from the first byte to the last.
const patience = 2 * time.Minute

// list asks for the refs of the remote, and gives it up after limit: a server may send a byte now and then for ever.
func (l location) list(ctx context.Context, auth Auth, limit time.Duration) (advertised, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if l.scheme == "http" || l.scheme == "https" {
		a, err := l.listHTTP(ctx, auth)
		if err == nil {
			return a, nil
		}
		// What go-git cannot read (SHA-256, oddities of servers), git(1) can, or says better why not.
		if failed := l.remoteError(ctx, err, auth); failed.Kind != KindOther || ctx.Err() != nil {
			return advertised{}, failed
		}
	}
	a, err := l.listGit(ctx, auth)
	if err != nil {
		return advertised{}, l.remoteError(ctx, err, auth)
	}
	return a, nil
}

// listGit asks with git(1), which knows the ways of ssh(1): configuration, agents, jump hosts.
func (l location) listGit(ctx context.Context, auth Auth) (advertised, error) {
	env, done, err := l.access(auth)
	if err != nil {
		return advertised{}, err
	}
	defer done()
	args := append([]string{"ls-remote", "--quiet", "--symref"}, l.transport()...)
	out, err := call{args: append(args, "--", l.addr), dir: os.TempDir(), env: env}.run(ctx)
	if err != nil {
		return advertised{}, err
	}
	return parseLsRemote(out)
}

// transport are the options for git(1) to talk to this remote.
func (l location) transport() []string {
	if l.scheme != "file" {
		return nil
	}
	// The operator named this path, whoever owns it; settings do not reach the other end by themselves.
	return []string{"--upload-pack=git -c safe.directory=* upload-pack"}
}

// parseLsRemote reads what git ls-remote --symref prints. Names that Git forbids are left out.
func parseLsRemote(out string) (advertised, error) {
	a := advertised{Refs: Refs{All: map[string]string{}}}
	for line := range strings.Lines(out) {
		id, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if target, symbolic := strings.CutPrefix(id, "ref: "); symbolic && name == "HEAD" {
			a.setHead(target)
			continue
		}
		if len(id) == 64 {
			return advertised{}, errSHA256
		}
		if !ok || !isID(id) {
			continue
		}
		if tag, peeled := strings.CutSuffix(name, "^{}"); peeled {
			name = tag // comes after the tag object itself
		}
		a.add(name, id)
	}
	return a, nil
}

// setHead takes the target of HEAD; Head stays empty when that is no branch.
func (a *advertised) setHead(target string) {
	if branch, ok := strings.CutPrefix(target, "refs/heads/"); ok {
		a.Head = branch
	}
}

func (a *advertised) add(name, id string) {
	if name == "HEAD" {
		a.head = id
	} else if validRef(name) {
		a.All[name] = id
	}
}
