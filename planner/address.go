package planner

import "strings"

// splitAddress cuts an address or reference at its dots and drops instance keys: `module.a["x.y"].t.n[0].id` gives
// module, a, t, n, id. There is always at least one step.
func splitAddress(address string) []string {
	var steps []string
	var step strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(address); i++ {
		switch c := address[i]; {
		case quoted:
			if c == '\\' {
				i++
			}
			quoted = c != '"'
		case depth > 0 && c == '"':
			quoted = true
		case c == '[':
			depth++
		case depth > 0:
			if c == ']' {
				depth--
			}
		case c == '.':
			steps = append(steps, step.String())
			step.Reset()
		default:
			step.WriteByte(c)
		}
	}
	return append(steps, step.String())
}

// modulePath is the names of the calls in a module address.
func modulePath(address string) []string {
	var path []string
	steps := splitAddress(address)
	for i := 0; i+1 < len(steps) && steps[i] == "module"; i += 2 {
		path = append(path, steps[i+1])
	}
	return path
}

// localAddress is a resource's address within its module, without instance keys.
func localAddress(address string) string {
	steps := splitAddress(address)
	for len(steps) > 2 && steps[0] == "module" {
		steps = steps[2:]
	}
	return strings.Join(steps, ".")
}

// joinModule is the path of a called module.
func joinModule(module, name string) string {
	if module == "" {
		return name
	}
	return module + "." + name
}
