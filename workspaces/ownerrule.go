package workspaces

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hmarr/codeowners"
)

// gitHubRule reads a line of GitHub's form: a pattern like those of .gitignore, and owners. A rule without owners takes a
// file's owners away. nil is a line without a rule.
func gitHubRule(line string) (*ownerRule, error) {
	rules, err := codeowners.ParseFile(strings.NewReader(line))
	if err != nil {
		return nil, fmt.Errorf("%s", strings.TrimPrefix(err.Error(), "line 1: "))
	}
	if len(rules) == 0 {
		return nil, nil
	}
	rule := rules[0]
	if strings.Trim(rule.RawPattern(), "/") == "" {
		return nil, fmt.Errorf("the pattern %q matches nothing; * matches everything", rule.RawPattern())
	}
	found := &ownerRule{matches: func(file string) bool {
		ok, err := rule.Match(file)
		return ok && err == nil
	}}
	for _, o := range rule.Owners {
		found.owners = append(found.owners, o.String())
	}
	return found, nil
}

// giteaRule reads a line of Gitea's and Forgejo's form: a Go regular expression that the whole path must match, or must not
// after "!", and owners. A backslash takes the meaning from the character after it, so that expressions have two of them.
func giteaRule(line string) (*ownerRule, error) {
	words := ownerWords(line)
	switch len(words) {
	case 0:
		return nil, nil
	case 1:
		return nil, fmt.Errorf("no owner is named for %s", words[0])
	}
	text, negative := strings.CutPrefix(words[0], "!")
	pattern, err := regexp.Compile("^" + strings.TrimPrefix(text, "/") + "$")
	if err != nil {
		return nil, err
	}
	found := &ownerRule{matches: func(file string) bool { return pattern.MatchString(file) != negative }}
	for _, word := range words[1:] {
		name := strings.TrimPrefix(word, "@")
		if parts := strings.Split(name, "/"); len(parts) > 2 || slices.Contains(parts, "") {
			return nil, fmt.Errorf("%s names neither a user nor a team (@organisation/team)", word)
		}
		found.owners = append(found.owners, "@"+name)
	}
	return found, nil
}

// ownerWords splits a line at spaces and tabs, up to "#".
func ownerWords(line string) (words []string) {
	var word strings.Builder
	escaped := false
	flush := func() {
		if word.Len() > 0 {
			words = append(words, word.String())
			word.Reset()
		}
	}
	defer flush()
	for _, c := range line {
		switch {
		case escaped:
			escaped = false
			word.WriteRune(c)
		case c == '\\':
			escaped = true
		case c == '#':
			return words
		case c == ' ' || c == '\t':
			flush()
		default:
			word.WriteRune(c)
		}
	}
	return words
}
