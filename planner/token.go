package planner

import (
	"crypto/hmac"
	"crypto/sha256"
	"regexp"
	"strings"
)

// token stands for something that differs from run to run. Within the planner, and so in digests, it is a text that
// nobody can write who does not hold the installation's key; a value that spells what people see of it is another value.
type token struct {
	secret string // never leaves the planner
	shown  string // "(checkout)"
}

// newToken returns the token of a name.
func newToken(d digester, name string) token {
	mac := hmac.New(sha256.New, d.key)
	mac.Write([]byte("token " + name)) // the text of a digest begins with a bracket
	return token{secret: "(" + hexSum(mac) + ")", shown: "(" + name + ")"}
}

// reveal writes a text for people.
func (t token) reveal(s string) string {
	return strings.ReplaceAll(s, t.secret, t.shown)
}

// pattern lets a regular expression that somebody wrote after what was shown match the token.
func (t token) pattern(expr string) string {
	if t.shown == "" {
		return expr
	}
	both := "(?:" + regexp.QuoteMeta(t.shown) + "|" + regexp.QuoteMeta(t.secret) + ")"
	return strings.ReplaceAll(expr, regexp.QuoteMeta(t.shown), both)
}

// rewrite applies f to all texts of a plan.
func (p *Plan) rewrite(f func(string) string) {
	all := func(texts ...*string) {
		for _, text := range texts {
			*text = f(*text)
		}
	}
	paths := func(paths []PathChange) {
		for i := range paths {
			all(&paths[i].Path, &paths[i].Before, &paths[i].After)
		}
	}
	for i := range p.Changes {
		c := &p.Changes[i]
		all(&c.Address, &c.PreviousAddress, &c.Deposed, &c.Importing, &c.Type, &c.Provider, &c.Reason)
		paths(c.Paths)
	}
	for i := range p.Drift {
		all(&p.Drift[i].Address)
		paths(p.Drift[i].Paths)
	}
	for i := range p.Checks.Failed {
		all(&p.Checks.Failed[i].Address, &p.Checks.Failed[i].Message)
	}
	for _, list := range [][]string{p.Volatile, p.Warnings} {
		for i := range list {
			all(&list[i])
		}
	}
}
