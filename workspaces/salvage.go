package workspaces

import (
	"bytes"
	"regexp"
)

var localSource = regexp.MustCompile(`(?m)"?source"?\s*[=:]\s*"(\.\.?/[^"$\n]*)"`)

// salvage finds the local modules that a file with syntax errors calls, so that a typing error in one directory does not
// make the modules it calls look like workspaces of their own.
func (f *sourceFile) salvage(src []byte) {
	if len(src) > maxFileSize {
		return
	}
	known := map[string]bool{}
	for _, c := range f.calls {
		known[c.source] = true
	}
	for _, m := range localSource.FindAllSubmatchIndex(src, -1) {
		source := string(src[m[2]:m[3]])
		if !known[source] {
			known[source] = true
			f.calls = append(f.calls, call{source: source, literal: true, line: 1 + bytes.Count(src[:m[0]], []byte("\n"))})
		}
	}
}
