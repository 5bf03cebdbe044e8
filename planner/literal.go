package planner

import (
	"encoding/json"
	"strings"
)

// literal is a value as HCL shows it: on one line, or as lines between an opening and a closing one.
type literal struct {
	open    string // the value itself when there are no lines; "" = absent
	lines   []string
	closing string
}

func (l literal) absent() bool { return l.open == "" }

// folded is the literal on one line that does not say what is in it.
func (l literal) folded() literal { return literal{open: l.open + " … " + l.closing} }

// maxInline is the longest list or object that is shown on one line, in bytes.
const maxInline = 60

// newLiteral reads the text of a PathChange.
func newLiteral(text string) literal {
	switch {
	case text == "" || text[0] == '(': // a marker is not JSON
		return literal{open: visible(text)}
	case text[0] == '"':
		var s string
		if json.Unmarshal([]byte(text), &s) == nil {
			return stringLiteral(s, text)
		}
	case text[0] == '[' || text[0] == '{':
		if lines, ok := outline(text); ok {
			return containerLiteral(lines, len(text), "", "")
		}
	}
	return literal{open: visible(text)}
}

// stringLiteral opens up JSON documents and texts over several lines.
func stringLiteral(s, text string) literal {
	if trimmed := strings.TrimSpace(s); trimmed != "" && (trimmed[0] == '{' || trimmed[0] == '[') {
		if lines, ok := outline(trimmed); ok {
			return containerLiteral(lines, len(text), "jsonencode(", ")")
		}
	}
	if !strings.Contains(s, "\n") {
		return literal{open: visible(text)}
	}
	body, ended := strings.CutSuffix(s, "\n")
	lines := strings.Split(body, "\n")
	for i := range lines {
		lines[i] = visible(lines[i])
	}
	if !ended {
		lines = append(lines, "# (no newline at the end)")
	}
	return literal{open: "<<-EOT", lines: lines, closing: "EOT"}
}

// containerLiteral wraps the lines of a list or object; a short one goes on one line.
func containerLiteral(lines []string, size int, prefix, suffix string) literal {
	if len(lines) == 1 || size <= maxInline && !nested(lines) {
		inline := make([]string, len(lines))
		for i, line := range lines {
			inline[i] = strings.TrimSpace(line)
		}
		text := strings.Join(inline, " ")
		text = strings.NewReplacer("[ ", "[", ", ]", "]", ", }", " }").Replace(text)
		return literal{open: prefix + text + suffix}
	}
	last := len(lines) - 1
	for i := 1; i < last; i++ {
		lines[i] = strings.TrimPrefix(lines[i], indent)
	}
	return literal{open: prefix + lines[0], lines: lines[1:last], closing: lines[last] + suffix}
}

// nested reports whether a list or object holds others.
func nested(lines []string) bool {
	for _, line := range lines[1 : len(lines)-1] {
		if strings.HasSuffix(line, "{") || strings.HasSuffix(line, "[") {
			return true
		}
	}
	return false
}
