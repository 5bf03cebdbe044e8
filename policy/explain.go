package policy

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// explain turns an error of opa into messages with place and source line, one for each error that it holds.
func explain(err error, text map[string][]byte) []string {
	var list ast.Errors
	var one *ast.Error
	var eval *topdown.Error
	switch {
	case errors.As(err, &list) && len(list) > 0:
		var out []string
		for _, e := range list {
			out = append(out, placed(e.Location, e.Code, withDetails(e), text))
		}
		return out
	case errors.As(err, &one):
		return []string{placed(one.Location, one.Code, withDetails(one), text)}
	case errors.As(err, &eval):
		return []string{placed(eval.Location, eval.Code, eval.Message, text)}
	}
	return []string{err.Error()}
}

func withDetails(e *ast.Error) string {
	message := e.Message
	if e.Details == nil {
		return message
	}
	for _, line := range e.Details.Lines() {
		// The parser's details are the source line and a caret below it, which placed shows by itself.
		if e.Code != ast.ParseErr && strings.TrimSpace(line) != "" {
			message += "\n  " + line
		}
	}
	return message
}

// placed is "file:line: message" with the source line below.
func placed(loc *ast.Location, code, message string, text map[string][]byte) string {
	if hint := hintFor(message); hint != "" {
		message += "; " + hint
	}
	message = strings.TrimPrefix(code+": "+message, ": ")
	if loc == nil || loc.File == "" {
		return message
	}
	if loc.Row == 0 {
		return fmt.Sprintf("%s: %s", loc.File, message)
	}
	message = fmt.Sprintf("%s:%d: %s", loc.File, loc.Row, message)
	if line := sourceLine(text[loc.File], loc.Row); line != "" {
		message += fmt.Sprintf("\n  %d | %s", loc.Row, line)
	}
	return message
}

// sourceLine is a line of a file, shortened when it is a very long one.
func sourceLine(text []byte, row int) string {
	for range row - 1 {
		_, rest, found := bytes.Cut(text, []byte("\n"))
		if !found {
			return ""
		}
		text = rest
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	if runes := []rune(string(bytes.TrimRight(line, "\r"))); len(runes) > 160 {
		return string(runes[:160]) + "…"
	}
	return strings.TrimRight(strings.ToValidUTF8(string(line), "�"), " \t\r")
}

// hintFor adds the next step to messages that conftest and OPA users are bound to meet here.
func hintFor(message string) string {
	function, isUndefined := strings.CutPrefix(message, "undefined function ")
	switch {
	case isUndefined && slices.Contains(outside, function):
		return "policies judge without network and environment; pass what they need as a data file"
	case isUndefined && slices.Contains(unbounded, function):
		return "it is not available, because nothing bounds its time and memory"
	case isUndefined && strings.HasPrefix(function, "parse_co"):
		return "this function of conftest reads files and is not available; put the content into a JSON or YAML data file"
	case message == "empty module":
		return "remove the file or give it a package"
	}
	return ""
}

// firstRow is how far a parser came before its first error.
func firstRow(err error) int {
	var list ast.Errors
	if errors.As(err, &list) && len(list) > 0 && list[0].Location != nil {
		return list[0].Location.Row
	}
	return 0
}
