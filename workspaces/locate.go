package workspaces

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// spot is a line of a file of the tree.
type spot struct {
	file string // where it is in Git, behind all links
	line int
}

// Locate finds the block that declares what an address of a plan names, for the root module in dir: a resource, a data
// source, an output or a module call, also within local modules. Where that stands elsewhere (in a module of a registry, in a
// file that does not parse) it is the innermost module block on the way; ok is false when not even that is there.
func Locate(tree Tree, dir, address string) (file string, line int, ok bool) {
	v := newView(tree)
	engine := v.defaultEngine(dir)
	m, names := v.module(dir, engine), addressNames(address)
	var best spot
	for {
		here, rest := declaration(names)
		found, declared := v.declared(m, here)
		if declared {
			best = found
		}
		i := slices.IndexFunc(m.calls, func(c call) bool { return "module."+c.name == here })
		if !declared || len(rest) == 0 || i < 0 {
			break
		}
		if m.calls[i].dir == "" {
			break
		}
		m, names = v.module(m.calls[i].dir, engine), rest
	}
	return best.file, best.line, best.line > 0
}

// declared finds the block with an address within a module; override files come last.
func (v *view) declared(m *module, address string) (spot, bool) {
	for _, name := range m.files {
		if at, f, err := m.read(v, name); err == nil && f.lines[address] > 0 {
			return spot{at.path, f.lines[address]}, true
		}
	}
	return spot{}, false
}

// addressNames splits an address at its dots, without the keys of instances, which may hold anything:
// module.x["a.b"].aws_s3_bucket.c[0] is module, x, aws_s3_bucket, c.
func addressNames(address string) []string {
	var plain strings.Builder
	depth, quoted, escaped := 0, false, false
	for _, c := range address {
		switch {
		case escaped:
			escaped = false
		case quoted:
			escaped, quoted = c == '\\', c != '"'
		case c == '"':
			quoted = true
		case c == '[':
			depth++
		case c == ']':
			depth--
		case depth == 0 && c == ' ': // " (deposed 1a2b3c4d)"
			return strings.Split(plain.String(), ".")
		case depth == 0:
			plain.WriteRune(c)
		}
	}
	return strings.Split(plain.String(), ".")
}

// declaration is the first block that names lead to, as addressOf has it, and the names after it.
func declaration(names []string) (here string, rest []string) {
	n := 2
	if slices.Contains([]string{"data", "ephemeral"}, names[0]) {
		n = 3
	}
	n = min(n, len(names))
	return strings.Join(names[:n], "."), names[n:]
}

// addressOf is the address of a block within its module; "" for blocks that have none.
func addressOf(b *hcl.Block) string {
	switch b.Type {
	case "resource":
		return b.Labels[0] + "." + b.Labels[1]
	case "data", "ephemeral", "module", "output":
		return b.Type + "." + strings.Join(b.Labels, ".")
	}
	return ""
}
