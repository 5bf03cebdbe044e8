package workspaces

import (
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
