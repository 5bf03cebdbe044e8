package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// installFrom is the CLI configuration of a run: providers come from one filesystem mirror and from nowhere else.
func installFrom(mirror string) string {
	return fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %s\n  }\n}\n", quote(mirror))
}

// installFromMirrors is the CLI configuration of a download: the mirrors for what they hold, the registries for the rest.
func installFromMirrors(mirrors []string) string {
	var b strings.Builder
	var held []string
	b.WriteString("provider_installation {\n")
	for _, m := range mirrors {
		types := mirroredTypes(m)
		if len(types) == 0 {
			continue
		}
		held = append(held, types...)
		fmt.Fprintf(&b, "  filesystem_mirror {\n    path    = %s\n    include = %s\n  }\n", quote(m), quoteAll(types))
	}
	b.WriteString("  direct {\n")
	if len(held) > 0 {
		fmt.Fprintf(&b, "    exclude = %s\n", quoteAll(held))
	}
	b.WriteString("  }\n}\n")
	return b.String()
}

// mirroredTypes are the providers (HOST/NAMESPACE/TYPE) in a mirror, packed or unpacked.
func mirroredTypes(mirror string) []string {
	found, err := filepath.Glob(filepath.Join(escapeGlob(mirror), "*", "*", "*"))
	if err != nil {
		return nil
	}
	var types []string
	for _, path := range found {
		rel, err := filepath.Rel(mirror, path)
		if info, statErr := os.Stat(path); err == nil && statErr == nil && info.IsDir() && strings.Contains(rel, ".") {
			types = append(types, filepath.ToSlash(rel))
		}
	}
	return types
}

var escapeGlob = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace

// quote is a string in HCL.
func quote(value string) string {
	return string(hclwrite.TokensForValue(cty.StringVal(value)).Bytes())
}

// quoteAll is a list of strings in HCL.
func quoteAll(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = quote(v)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
