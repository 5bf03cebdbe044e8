package command

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// word is one word of a line. The text of a quoted one is what stands between the quotation marks.
type word struct {
	text   string
	quoted bool
	before string // of a quoted value: the flag that it was glued to, "-w="
}

// quoted is a word in quotation marks, as people and their telephones write them.
var quoted = regexp.MustCompile("^([-–—]{1,2}[A-Za-z]+=)?(?:\"([^\"]*)\"|'([^']*)'|`([^`]*)`|“([^”]*)”|‘([^’]*)’)[.,;:!?]*(?:\\s|$)")

// split takes a line apart.
func split(line string) []word {
	var words []word
	for {
		line = strings.TrimLeftFunc(line, unicode.IsSpace)
		if line == "" {
			return words
		}
		if m := quoted.FindStringSubmatch(line); m != nil {
			words = append(words, word{text: strings.Join(m[2:], ""), quoted: true, before: m[1]})
			line = line[len(m[0]):]
			continue
		}
		end := strings.IndexFunc(line, unicode.IsSpace)
		if end < 0 {
			end = len(line)
		}
		words = append(words, word{text: line[:end]})
		line = line[end:]
	}
}

var flagPattern = regexp.MustCompile(`^(?:--?|[–—])([\p{L}\p{N}][^=]*)(?:=(.*))?$`)

// flag reads a word as a flag: its name in lower case, and the value that it was given with an equals sign.
func (w word) flag() (name string, value *word, ok bool) {
	if w.before != "" {
		return strings.ToLower(strings.Trim(w.before, "-–—=")), &word{text: w.text, quoted: true}, true
	}
	m := flagPattern.FindStringSubmatch(w.text)
	if m == nil || w.quoted {
		return "", nil, false
	}
	if strings.Contains(w.text, "=") {
		value = &word{text: m[2]}
	}
	return strings.ToLower(m[1]), value, true
}

// bare is a word without the punctuation after it.
func (w word) bare() string {
	if w.quoted {
		return w.text
	}
	text := strings.TrimRight(w.text, ",;:!?")
	if before, ok := strings.CutSuffix(text, "."); ok {
		if last, _ := utf8.DecodeLastRuneInString(before); unicode.IsLetter(last) || unicode.IsDigit(last) {
			return before
		}
	}
	return text
}

// isNumber reports whether a word is a number in decimal.
func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
