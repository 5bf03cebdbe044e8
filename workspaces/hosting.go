package workspaces

import (
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

const defaultDriftIssues = 20

// hosting finds out at which forge a repository is and what that means for it.
func (d *decoder) hosting(r *Repository, b repositoryBlock, forges []Forge) {
	r.Exclude, r.Forks, r.Drafts, r.DriftIssues = d.list(b.Exclude, checkGlob), ForksIgnored, true, defaultDriftIssues
	if mode := d.oneOf(b.Forks, string(ForksIgnored), string(ForksOnCommand)); mode != "" {
		r.Forks = ForkMode(mode)
	}
	if drafts := d.boolean(b.Drafts); drafts != nil {
		r.Drafts = *drafts
	}
	if n := d.whole(b.DriftIssues, 0, maxCount); n != nil {
		r.DriftIssues = *n
	}
	r.Automerge = d.oneOf(b.Automerge, "merge", "squash", "rebase")
	at := remoteOf(r.URL)
	forge, known := d.forgeOf(r, b, at, forges)
	switch {
	case !known:
	case forge == nil:
		d.plain(r, b, at)
	default:
		r.Forge, r.Kind, r.Branches = forge.Name, forge.Kind, ""
		d.atForge(r, b, at, forge)
	}
}

// forgeOf returns the forge that holds a repository, nil for a plain Git server. It is not known when what would say so is wrong.
func (d *decoder) forgeOf(r *Repository, b repositoryBlock, at *remote, forges []Forge) (f *Forge, known bool) {
	word := d.text(b.Forge)
	if r.URL == "" || b.Forge != nil && word == "" {
		return nil, false
	}
	if word != "" && word != noForge {
		return d.forgeNamed(word, b, at, forges)
	}
	var fit []string
	known = true
	for i := range forges {
		if known = known && forges[i].URL != ""; at != nil && forges[i].holds(at) {
			f, fit = &forges[i], append(fit, forges[i].Name)
		}
	}
	switch {
	case word == noForge:
		return nil, true
	case len(fit) > 1:
		d.fail(b.Range, "Which forge?", "The forges %s are all at %s: add forge = %q, or the one that signs in to this repository.", quoted(fit), at.host, fit[0])
		return nil, false
	}
	return f, known || f != nil
}

func (d *decoder) forgeNamed(word string, b repositoryBlock, at *remote, forges []Forge) (*Forge, bool) {
	i := slices.IndexFunc(forges, func(f Forge) bool { return f.Name == word })
	if i < 0 {
		names := []string{noForge}
		for _, f := range forges {
			names = append(names, f.Name)
		}
		d.isKnown(b.Forge, word, names...)
		return nil, false
	}
	f := &forges[i]
	switch {
	case f.URL == "":
	case at == nil:
		d.wrong(b.Forge, "The repository is a directory of this machine and at no forge: remove forge, or set url to the repository's address at %s.", f.URL)
	case !at.ssh() && !f.holds(at):
		d.wrong(b.Forge, "The repository is not at %s, and the sign-in is meant for no other host. Set url to its address there.", f.URL)
	default:
		return f, true
	}
	return nil, false
}

// plain refuses what needs a forge.
func (d *decoder) plain(r *Repository, b repositoryBlock, at *remote) {
	add := "add a github or gitea block for its host"
	if b.Forge != nil {
		add = "remove forge = \"none\""
	}
	if at != nil && strings.ContainsAny(path.Base(at.path), "*{[") {
		d.wrong(b.URL, "A pattern needs a forge that lists its repositories: %s, or name one repository.", add)
	}
	for _, a := range []*hcl.Attribute{b.Exclude, b.Forks, b.Drafts, b.Automerge, b.DriftIssues} {
		if a != nil {
			d.fail(a.NameRange, a.Name+" needs a forge", "The repository is on a plain Git server, which knows nothing of it: %s, or remove %s.", add, a.Name)
		}
	}
}

var forgeWord = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// atForge fills in the path, or the owner and the pattern of names.
func (d *decoder) atForge(r *Repository, b repositoryBlock, at *remote, f *Forge) {
	if b.Branches != nil {
		d.fail(b.Branches.NameRange, "branches needs a plain Git server", "The forge %q knows what its pull requests are: remove branches.", f.Name)
	}
	if at.scheme == "http" && !isLoopback(at.host) {
		d.wrong(b.URL, "Over http:// the sign-in of forge %q would travel in clear text. Use https://.", f.Name)
	}
	owner, name, _ := strings.Cut(f.pathOf(at), "/")
	isPattern := strings.ContainsAny(name, "*?[{")
	switch {
	case strings.ContainsAny(owner, "*?[{"):
		d.wrong(b.URL, "A pattern stands for names of repositories, not for their owner: write %s/OWNER/infra-*.", f.URL)
	case !forgeWord.MatchString(owner), !isPattern && !forgeWord.MatchString(name), strings.Contains(name, "/"):
		d.wrong(b.URL, "Forge %q has repositories at %s/OWNER/NAME; this is not the address of one.", f.Name, f.URL)
	case isPattern && checkGlob(name) != nil:
		d.wrong(b.URL, "%s.", checkGlob(name))
	case isPattern:
		r.Path, r.Pattern = owner, name
	default:
		r.Path = owner + "/" + name
	}
	if b.Exclude != nil && !isPattern {
		d.fail(b.Exclude.NameRange, "Nothing to exclude from", "exclude belongs to a pattern, such as url = \"%s/%s/infra-*\". This block is about one repository.", f.URL, owner)
	}
}

// patterns keeps repositories with a block of their own out of patterns, and their names apart.
func (d *decoder) patterns(all []Repository) {
	for i := range all {
		p := &all[i]
		if p.Pattern == "" {
			continue
		}
		for _, r := range all {
			owner, name, _ := strings.Cut(r.Path, "/")
			if r.Pattern == "" && r.Forge == p.Forge && strings.EqualFold(owner, p.Path) && name != "" {
				p.Exclude = append(p.Exclude, name)
			}
			if strings.HasPrefix(r.Name, p.Name+".") {
				d.fail(r.Range, "Wrong repository name", "Names that begin with %q belong to the repositories of the pattern %q (%s).", p.Name+".", p.Name, p.Range)
			}
		}
	}
}

// Member returns the repository that a pattern's block describes for one of the owner's repositories: named LABEL.NAME. It
// is false when the pattern leaves it out. Letter case does not count, as on forges.
func (r Repository) Member(name string) (Repository, bool) {
	lower := strings.ToLower(name)
	fits := func(globs ...string) bool {
		for i := range globs {
			globs[i] = strings.ToLower(globs[i])
		}
		_, ok := matchAny(globs, lower)
		return ok
	}
	if r.Pattern == "" || !forgeWord.MatchString(name) || !fits(r.Pattern) || fits(slices.Clone(r.Exclude)...) {
		return Repository{}, false
	}
	i := strings.LastIndex(r.URL, r.Pattern)
	r.URL = r.URL[:i] + name + r.URL[i+len(r.Pattern):]
	r.Name, r.Path, r.Pattern, r.Exclude = r.Name+"."+name, r.Path+"/"+name, "", nil
	return r, true
}

// remote is the address of a repository on another machine.
type remote struct{ scheme, host, port, path string }

func (r *remote) ssh() bool { return r.scheme == "ssh" }

// remoteOf reads a URL that was checked; nil for a directory of this machine. The path may be a pattern, which is no URL.
func remoteOf(raw string) *remote {
	if raw == "" || isLocal(raw) {
		return nil
	}
	scheme, rest, isURL := strings.Cut(raw, "://")
	if !isURL { // user@host:path
		host, file, _ := strings.Cut(raw, ":")
		return &remote{scheme: "ssh", host: host[strings.LastIndex(host, "@")+1:], path: cleanPath(file)}
	}
	authority, file, _ := strings.Cut(rest, "/")
	u, err := url.Parse("x://" + authority[strings.LastIndex(authority, "@")+1:])
	if err != nil {
		return nil
	}
	return &remote{scheme: strings.TrimPrefix(strings.ToLower(scheme), "git+"), host: u.Hostname(), port: u.Port(), path: cleanPath(file)}
}

func cleanPath(p string) string {
	return strings.TrimSuffix(strings.Trim(p, "/"), ".git")
}

var defaultPorts = map[string]string{"https": "443", "http": "80"}

// holds reports whether an address is one of the forge's: the same host, and below its path over http.
func (f *Forge) holds(at *remote) bool {
	u, err := url.Parse(f.URL)
	if err != nil || u.Host == "" {
		return false
	}
	if at.ssh() { // also GitHub's own host for ssh over port 443; its port is another one than that of https everywhere
		return strings.EqualFold(at.host, u.Hostname()) || at.host == "ssh.github.com" && u.Host == "github.com"
	}
	port := func(scheme, port string) string {
		if port == defaultPorts[scheme] {
			return ""
		}
		return port
	}
	return strings.EqualFold(at.host, u.Hostname()) && port(at.scheme, at.port) == port(u.Scheme, u.Port()) && strings.HasPrefix("/"+at.path+"/", u.Path+"/")
}

// pathOf is the path of an address relative to the forge's. Over ssh, forges have their path in front or not.
func (f *Forge) pathOf(at *remote) string {
	u, _ := url.Parse(f.URL)
	base := strings.Trim(u.Path, "/")
	rest, ok := strings.CutPrefix(at.path, base+"/")
	if base == "" || !ok || at.ssh() && !strings.Contains(rest, "/") {
		return at.path
	}
	return rest
}
