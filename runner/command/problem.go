package command

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

func problemf(format string, args ...any) *Problem {
	return &Problem{Text: fmt.Sprintf(format, args...)}
}

// quote writes somebody's word as code that it cannot leave, in at most some 60 characters.
func quote(s string) string {
	var b strings.Builder
	for i, c := range []rune(s) {
		switch {
		case i == 60:
			return "`" + b.String() + "…`"
		case c == '`':
			c = '\''
		case !unicode.IsGraphic(c) || c == utf8.RuneError:
			c = '?'
		}
		b.WriteRune(c)
	}
	return "`" + strings.TrimSpace(b.String()) + "`"
}

// unknown is the problem of a word that is no verb.
func unknown(text string) *Problem {
	_, _, isFlag := word{text: text}.flag()
	name := strings.ToLower(strings.TrimRight(text, ".,;:!?"))
	near := nearest(name)
	switch {
	case isFlag || isNumber(name):
		return problemf("It does not say what to do: write a command after `driftless`. `driftless help` lists all.")
	case elsewhere[name]:
		return problemf("`driftless %s` is a command of the machine that driftless runs on: write it in a shell there. `driftless help` lists what comments can ask for.", name)
	case near != "":
		return problemf("There is no command %s. Did you mean `driftless %s`? `driftless help` lists all.", quote(text), near)
	}
	return problemf("There is no command %s. `driftless help` lists all.", quote(text))
}

// nearest is the verb that somebody may have meant.
func nearest(name string) Verb {
	best, found := 3, Verb("")
	for _, v := range verbs {
		if strings.HasPrefix(name, string(v)) && len(name) <= len(v)+3 {
			return v // planned, applying
		}
		if d := distance(name, string(v)); d < best && d*3 <= len(v) {
			best, found = d, v
		}
	}
	return found
}

// distance is how many characters must be added, taken out, changed or swapped with their neighbour to make b of a.
func distance(a, b string) int {
	if len(a) > 2*len(b) {
		return len(a)
	}
	before, last, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		next[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next[j+1] = min(last[j+1]+1, next[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, last, next = last, next, before
	}
	return last[len(b)]
}
