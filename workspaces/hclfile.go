package workspaces

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
)

// Limits of a file that is parsed. Files come from other people's pull requests, and the HCL parser recurses: a hundred
// kilobytes of "(" would end the process, which nothing can recover.
const (
	maxFileSize   = 16 << 20 // bytes; generated JSON is large
	maxNesting    = 500      // brackets
	maxRun        = 1000     // unary operators in a row
	maxDirectives = 2000     // %{ … } of templates
	maxTernaries  = 20000
	maxHeredocs   = 5000 // the time for open ones grows with their square
)

// parseHCL parses native or, for a name that ends in .json, JSON syntax. The file is nil when it could not be read at all.
func parseHCL(filename string, src []byte) (*hcl.File, hcl.Diagnostics) {
	if err := checkParseable(src); err != nil {
		return nil, hcl.Diagnostics{{
			Severity: hcl.DiagError,
			Summary:  "File cannot be read",
			Detail:   fmt.Sprintf("%s: %s.", filename, err),
			Subject:  &hcl.Range{Filename: filename, Start: hcl.InitialPos, End: hcl.InitialPos},
		}}
	}
	if strings.HasSuffix(filename, ".json") {
		return hclparse.NewParser().ParseJSON(src, filename)
	}
	return hclparse.NewParser().ParseHCL(src, filename)
}

func checkParseable(src []byte) error {
	switch {
	case len(src) > maxFileSize:
		return fmt.Errorf("it is larger than %d MiB", maxFileSize>>20)
	case bytes.Count(src, []byte("%{")) > maxDirectives:
		return fmt.Errorf("it has more than %d template directives", maxDirectives)
	case bytes.Count(src, []byte("<<")) > maxHeredocs:
		return fmt.Errorf("it has more than %d heredocs", maxHeredocs)
	case bytes.Count(src, []byte("?")) > maxTernaries:
		return fmt.Errorf("it has more than %d question marks", maxTernaries)
	}
	return checkNesting(src)
}

func checkNesting(src []byte) error {
	depth, run := 0, 0
	for _, c := range src {
		switch c {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth = max(0, depth-1)
		}
		switch c {
		case '!', '-':
			run++
		case ' ', '\t', '\n', '\r':
		default:
			run = 0
		}
		if depth > maxNesting || run > maxRun {
			return fmt.Errorf("its brackets or operators are nested too deeply")
		}
	}
	return nil
}
