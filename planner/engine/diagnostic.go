package engine

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	tfjson "github.com/hashicorp/terraform-json"
)

// diagnostic is an error or warning of the engine. terraform-json does not know the function call of a snippet.
type diagnostic struct {
	tfjson.Diagnostic
	Snippet *snippet `json:"snippet"`
}

type snippet struct {
	tfjson.DiagnosticSnippet
	FunctionCall *functionCall `json:"function_call"`
}

type functionCall struct {
	CalledAs  string `json:"called_as"`
	Signature *struct {
		Params   []parameter `json:"params"`
		Variadic *parameter  `json:"variadic_param"`
	} `json:"signature"`
}

type parameter struct {
	Name string `json:"name"`
}

// String is the diagnostic as the engine shows it to people, without the frame around it.
func (d diagnostic) String() string {
	var b strings.Builder
	if title := d.title(); title != "" {
		b.WriteString(title + ": ")
	}
	b.WriteString(d.Summary + "\n")
	d.writeSource(&b)
	if detail := strings.TrimRight(d.Detail, "\n"); detail != "" {
		b.WriteString("\n" + detail + "\n")
	}
	return b.String()
}

func (d diagnostic) title() string {
	switch d.Severity {
	case tfjson.DiagnosticSeverityError:
		return "Error"
	case tfjson.DiagnosticSeverityWarning:
		return "Warning"
	}
	return ""
}

// place is "main.tf line 3", or "".
func (d diagnostic) place() string {
	if d.Range == nil {
		return ""
	}
	return fmt.Sprintf("%s line %d", d.Range.Filename, d.Range.Start.Line)
}

func (d diagnostic) writeSource(b *strings.Builder) {
	if d.Address == "" && d.Range == nil {
		return
	}
	b.WriteString("\n")
	if d.Address != "" {
		fmt.Fprintf(b, "  with %s,\n", d.Address)
	}
	switch {
	case d.Range == nil:
	case d.Snippet == nil:
		fmt.Fprintf(b, "  on %s:\n  (source code not available)\n", d.place())
	default:
		context := ""
		if d.Snippet.Context != nil && *d.Snippet.Context != "" {
			context = ", in " + *d.Snippet.Context
		}
		fmt.Fprintf(b, "  on %s%s:\n", d.place(), context)
		d.Snippet.write(b)
	}
}

func (s snippet) write(b *strings.Builder) {
	offset := 0
	for i, line := range strings.Split(s.Code, "\n") {
		fmt.Fprintf(b, "%4d: %s\n", s.StartLine+i, line)
		if from, to := s.HighlightStartOffset-offset, s.HighlightEndOffset-offset; marks(line, from, to) {
			fmt.Fprintf(b, "      %s%s\n", blank(line[:from]), strings.Repeat("^", utf8.RuneCountInString(line[from:to])))
		}
		offset += len(line) + 1
	}
	call := s.FunctionCall
	if call != nil && call.Signature == nil {
		call = nil
	}
	if len(s.Values) == 0 && call == nil {
		return
	}
	b.WriteString("    ├────────────────\n")
	if call != nil {
		fmt.Fprintf(b, "    │ while calling %s(%s)\n", call.CalledAs, call.parameters())
	}
	values := slices.Clone(s.Values)
	slices.SortFunc(values, func(a, b tfjson.DiagnosticExpressionValue) int { return strings.Compare(a.Traversal, b.Traversal) })
	for _, v := range values {
		fmt.Fprintf(b, "    │ %s %s\n", v.Traversal, v.Statement)
	}
}

// marks reports whether the highlight lies in this line and is less than all of it. The engine underlines it; plain
// text needs a line of its own for that.
func marks(line string, from, to int) bool {
	return from >= 0 && from < to && to <= len(line) && strings.TrimSpace(line) != line[from:to]
}

// blank is white space as wide as s.
func blank(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, s)
}

func (c functionCall) parameters() string {
	var names []string
	for _, p := range c.Signature.Params {
		names = append(names, p.Name)
	}
	if v := c.Signature.Variadic; v != nil {
		names = append(names, v.Name+"...")
	}
	return strings.Join(names, ", ")
}

// frame draws the engine's frame around a diagnostic.
func frame(text string) string {
	var b strings.Builder
	b.WriteString("╷\n")
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		b.WriteString(strings.TrimRight("│ "+line, " ") + "\n")
	}
	b.WriteString("╵\n")
	return b.String()
}
