package workspaces

import (
	"fmt"
	"slices"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"
)

// ownersFile is a CODEOWNERS file: who answers for which files.
type ownersFile struct {
	name  string
	id    string // of its blob
	rules []ownerRule
	sum   bool      // all rules that match add up; otherwise the last one decides, also when it names nobody
	wrong []located // rules that are left out
	src   []byte    // only when some are
}

type ownerRule struct {
	matches func(path string) bool
	owners  []string
}

// The places where forges look, in their order; the first file that is there counts.
var (
	gitHubOwners = []string{".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"}
	giteaOwners  = []string{".gitea/CODEOWNERS", ".forgejo/CODEOWNERS"}
)

// findOwners reads the CODEOWNERS file of a tree as a kind of forge does; nil when there is none.
func (v *view) findOwners(kind string) *ownersFile {
	places := slices.Concat(gitHubOwners, giteaOwners)
	switch kind {
	case gitHub:
		places = gitHubOwners
	case gitea:
		places = slices.Concat(gitHubOwners[1:], giteaOwners)
	}
	for _, name := range places {
		at, err := v.follow(name)
		if err == nil && (at.entry.Mode == File || at.entry.Mode == Executable) {
			return v.readOwners(name, at, kind == gitea || slices.Contains(giteaOwners, name))
		}
	}
	return nil
}

// Limits of a CODEOWNERS file: GitHub's for its size, and one for the time that a pull request can cost.
const (
	maxOwnersFile = 3 << 20 // bytes
	maxOwnerRules = 10_000
	maxOwnerLine  = 4096 // bytes
)

// ownersFiles remembers parsed files by content and syntax.
var ownersFiles = func() *lru.Cache[string, *ownersFile] {
	cache, err := lru.New[string, *ownersFile](16)
	if err != nil {
		panic(err)
	}
	return cache
}()

func (v *view) readOwners(name string, at place, expressions bool) *ownersFile {
	key := fmt.Sprintf("%s %s %t", name, at.entry.ID, expressions)
	if known, ok := ownersFiles.Get(key); ok {
		return known
	}
	o := &ownersFile{name: name, id: at.entry.ID, sum: expressions}
	src, err := v.tree.Read(at.path)
	switch {
	case err != nil:
		o.leaveOut(1, err.Error())
		return o // not remembered: it may be read the next time
	case len(src) > maxOwnersFile:
		o.leaveOut(1, fmt.Sprintf("it is larger than %d MiB", maxOwnersFile>>20))
	default:
		o.parse(src)
	}
	ownersFiles.Add(key, o)
	return o
}

// parse reads rules line by line. A line that cannot be read is left out, as forges do.
func (o *ownersFile) parse(src []byte) {
	read := gitHubRule
	if o.sum {
		read = giteaRule
	}
	number := 0
	for line := range strings.Lines(string(src)) {
		number++
		if len(line) > maxOwnerLine {
			o.leaveOut(number, fmt.Sprintf("it is longer than %d bytes", maxOwnerLine))
			continue
		}
		rule, err := read(strings.TrimSpace(line))
		switch {
		case err != nil:
			o.leaveOut(number, strings.TrimSuffix(err.Error(), "."))
		case rule != nil && len(o.rules) == maxOwnerRules:
			o.leaveOut(number, fmt.Sprintf("there are more than %d rules, and all from here on are left out", maxOwnerRules))
			return
		case rule != nil:
			o.rules = append(o.rules, *rule)
		}
	}
	if len(o.wrong) > 0 {
		o.src = src
	}
}

func (o *ownersFile) leaveOut(line int, why string) {
	if len(o.wrong) < maxDiagnostics {
		o.wrong = append(o.wrong, located{line, why})
	}
}

// of returns the owners of a file, as they are written in reports; "" for nobody.
func (o *ownersFile) of(file string) string {
	if o == nil {
		return ""
	}
	var all []string
	for _, rule := range slices.Backward(o.rules) {
		if !rule.matches(file) {
			continue
		}
		if !o.sum {
			all = rule.owners
			break
		}
		all = slices.Concat(rule.owners, all)
	}
	var distinct []string
	for _, owner := range all {
		distinct = once(distinct, owner)
	}
	return strings.Join(distinct, ", ")
}
