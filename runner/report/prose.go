package report

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// briefProse is prose of at most about n bytes that may stand in a table.
func briefProse(s string, n int) string {
	return shortProse(strings.ReplaceAll(oneLine(s), "|", `\x7c`), n)
}

// shortProse is one line of prose of at most about n bytes.
func shortProse(s string, n int) string {
	for m := n; ; m = m * 3 / 4 {
		if p := prose(shortenEnd(s, m)); len(p) <= n || m < 16 {
			return p
		}
	}
}

// shortenEnd returns s in at most n bytes, without its end if it is longer, and never within a code span.
func shortenEnd(s string, n int) string {
	if len(s) <= n {
		return s
	}
	s = cut(s, n-len("…"))
	if strings.Count(s, "`")%2 == 1 {
		s = s[:strings.LastIndexByte(s, '`')]
	}
	return s + "…"
}

// prose writes one line of somebody's text as Markdown. A word that could mean something to Markdown or to a forge (a mention, an
// issue number, a link, HTML) is shown as code, where it means nothing; so is what stands between backticks already.
func prose(s string) string {
	var b strings.Builder
	for first := true; ; first = false {
		s = strings.TrimLeftFunc(s, unicode.IsSpace)
		if s == "" {
			return b.String()
		}
		if !first {
			b.WriteByte(' ')
		}
		word, isCode := nextWord(s)
		if in, yes := nextWord(strings.TrimPrefix(s, "(")); yes && !isCode {
			b.WriteByte('(') // a code span in parentheses
			word, isCode, s = in, true, s[1:]
		}
		s = s[len(word):]
		switch {
		case isCode:
			b.WriteString(code(word[1 : len(word)-1]))
			s = glue(&b, s)
		case first && beginsBlock(word) || !harmless(word):
			before, core, after := peel(word)
			b.WriteString(before + code(core) + after)
		default:
			b.WriteString(word)
		}
	}
}

// nextWord returns the first word of s, and whether it is a code span of single backticks.
func nextWord(s string) (word string, isCode bool) {
	if strings.HasPrefix(s, "`") {
		if end := strings.IndexByte(s[1:], '`'); end > 0 && !strings.Contains(s[1:1+end], "\n") {
			return s[:end+2], true
		}
	}
	if end := strings.IndexFunc(s, unicode.IsSpace); end >= 0 {
		return s[:end], false
	}
	return s, false
}

// glue writes the punctuation that directly follows a code span, and returns the rest.
func glue(b *strings.Builder, s string) string {
	n := 0
	for n < len(s) && strings.IndexByte(".,;:?)", s[n]) >= 0 {
		n++
	}
	b.WriteString(s[:n])
	return s[n:]
}

// harmless reports whether a word means nothing but itself, to Markdown and to forges.
func harmless(word string) bool {
	for i, r := range word {
		switch {
		case r == '!' || r == '%':
			if i != len(word)-1 || i == 0 {
				return false
			}
		case r < utf8.RuneSelf:
			if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(`.,;:?'"()/-+=`, r) {
				return false
			}
		case r == utf8.RuneError || hidden(r):
			return false
		}
	}
	lower := strings.ToLower(word)
	return !strings.Contains(word, "://") && !strings.Contains(lower, "www.") && !strings.Contains(lower, "gh-") && strings.Count(word, ":") < 2
}

// beginsBlock reports whether a word at the beginning of a line would make it a list, a rule, a heading or a forge's command.
func beginsBlock(word string) bool {
	if digits := strings.TrimLeft(word, "0123456789"); digits != word && (digits == "." || digits == ")") {
		return true
	}
	return strings.IndexByte("-+=/:", word[0]) >= 0
}

// peel takes the punctuation off that stands around a word.
func peel(word string) (before, core, after string) {
	core = strings.TrimLeft(word, `("'`)
	before = word[:len(word)-len(core)]
	closers := `.,;:?"'`
	if strings.Contains(before, "(") {
		closers += ")"
	}
	trimmed := strings.TrimRight(core, closers)
	if trimmed == "" || strings.HasSuffix(trimmed, "`") || strings.HasPrefix(trimmed, "`") {
		return "", word, ""
	}
	return before, trimmed, core[len(trimmed):]
}
