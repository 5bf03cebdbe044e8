package workspaces

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/agext/levenshtein"
	"github.com/hashicorp/hcl/v2"
)

// FormatDiagnostics renders diagnostics for people, with source snippets. files maps names to sources.
// width is that of the terminal in columns, 0 for no wrapping.
func FormatDiagnostics(files map[string][]byte, diags hcl.Diagnostics, width int, color bool) string {
	parsed := make(map[string]*hcl.File, len(files))
	for name, src := range files {
		parsed[name] = &hcl.File{Bytes: src}
	}
	var out bytes.Buffer
	w := hcl.NewDiagnosticTextWriter(&out, parsed, uint(max(0, width)), color)
	for _, d := range diags {
		if err := w.WriteDiagnostic(d); err != nil {
			fmt.Fprintf(&out, "%s\n\n", d)
		}
	}
	return out.String()
}

func errorAt(at hcl.Range, summary, format string, args ...any) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: &at}
}

func warningAt(at hcl.Range, summary, format string, args ...any) *hcl.Diagnostic {
	d := errorAt(at, summary, format, args...)
	d.Severity = hcl.DiagWarning
	return d
}

// sortDiagnostics orders by place, so that a reader meets them as in the file.
func sortDiagnostics(diags hcl.Diagnostics) {
	slices.SortStableFunc(diags, func(a, b *hcl.Diagnostic) int {
		if a.Subject == nil || b.Subject == nil || a.Subject.Filename != b.Subject.Filename {
			return 0
		}
		return a.Subject.Start.Byte - b.Subject.Start.Byte
	})
}

// didYouMean returns a sentence that suggests the known word nearest to the given one, or "".
func didYouMean(given string, known ...string) string {
	best, distance := "", 1+max(2, len(given)/2)
	for _, k := range known {
		if d := levenshtein.Distance(given, k, nil); d < distance {
			best, distance = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" Did you mean %q?", best)
}
