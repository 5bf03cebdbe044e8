package command

import (
	"regexp"
	"slices"
	"strings"
)

// Parse finds the command of a comment. It reports false when the comment does not ask driftless for anything. With a
// Problem, the command holds its Line, and its Verb if that is known.
func Parse(body string) (Command, bool, *Problem) {
	var first Command
	var problem *Problem
	found := false
	for _, line := range lines(body) {
		c, ok, p := parseLine(line)
		switch {
		case !ok:
		case !found:
			first, problem, found = c, p, true
		default:
			first.More = append(first.More, c.Line)
		}
	}
	return first, found, problem
}

var address = regexp.MustCompile(`^ {0,3}([/@]?)(?i:driftless)([,:]?)(?:[\s\p{Z}]+(.*))?$`)

// parseLine reads one line of a comment.
func parseLine(line string) (c Command, ok bool, problem *Problem) {
	m := address.FindStringSubmatch(strings.TrimRight(line, " \t\r\n"))
	if m == nil {
		return c, false, nil
	}
	strict, words := m[1] == "/", split(m[3])
	c.Line = strings.TrimSpace(line)
	if len(words) == 0 {
		c.Verb = Help
		return c, m[2] == "", nil
	}
	for polite[strings.ToLower(words[0].bare())] {
		if words = words[1:]; len(words) == 0 {
			return Command{}, false, nil // "driftless thanks"
		}
	}
	verb, end := verbOf(words[0])
	switch {
	case verb == "" || strings.Contains(end, ":"):
		problem = unknown(words[0].text)
		return c, strict || isUnknown(words), problem
	case strings.Contains(end, "?") || verb == Help || slices.ContainsFunc(words, asksHelp):
		verb = Help
	}
	c.Verb = verb
	r := reader{command: &c, words: words[1:]}
	r.read()
	switch {
	case r.talk && strict:
		return c, true, problemf("This reads like a sentence about driftless. Write the command alone: `driftless %s`.", verb)
	case r.talk:
		return Command{}, false, nil
	case verb == Help:
		return Command{Verb: Help, Line: c.Line}, true, nil
	case r.problem != nil:
		return Command{Verb: verb, Line: c.Line}, true, r.problem
	}
	return c, true, nil
}

// verbOf reads a verb, and the punctuation after it.
func verbOf(w word) (verb Verb, end string) {
	name := strings.TrimRight(w.text, ".,;:!?")
	if i := slices.Index(verbs, Verb(strings.ToLower(name))); i >= 0 && !w.quoted {
		return verbs[i], w.text[len(name):]
	}
	return "", ""
}

func asksHelp(w word) bool {
	name, _, _ := w.flag()
	return name == "h" || name == "help"
}

var plainWord = regexp.MustCompile(`^(?i:[a-z][a-z-]*)$`)

// isUnknown reports whether a line without a known verb is a command nevertheless.
func isUnknown(words []word) bool {
	first := strings.ToLower(words[0].text)
	if _, _, isFlag := words[0].flag(); !isFlag {
		if isTalk(first) || words[0].quoted || !plainWord.MatchString(first) && !isNumber(first) {
			return false
		}
		words = words[1:]
	}
	value := false // the word before is a flag that takes this one
	for _, w := range words {
		_, given, isFlag := w.flag()
		text := w.bare()
		if !isFlag && !value && !isNumber(text) && !commit.MatchString(text) && !polite[strings.ToLower(text)] {
			return false
		}
		value = isFlag && given == nil
	}
	return true
}
