package gitrepo

import "strings"

// maxLink is the longest target that a file system takes, in bytes.
const maxLink = 4095

// escaping returns which of the symbolic links (path → target) lead out of the tree: by an absolute target, or by more ".."
// than there are directories, also by way of other links. What is not a link counts as a directory, there or not.
func escaping(links map[string]string) []string {
	var out []string
	for path := range links {
		w := walker{links: links}
		w.push(path)
		if w.leaves() {
			out = append(out, path)
		}
	}
	return out
}

// walker follows a path as the kernel does: component by component, links where they are met.
type walker struct {
	links map[string]string
	at    []string // where it is: no component of it is a link
	todo  []string // what is left of the path, last first
	hops  int
}

func (w *walker) push(path string) {
	parts := strings.Split(path, "/")
	for i := len(parts) - 1; i >= 0; i-- {
		w.todo = append(w.todo, parts[i])
	}
}

func (w *walker) leaves() bool {
	for len(w.todo) > 0 {
		part := w.todo[len(w.todo)-1]
		w.todo = w.todo[:len(w.todo)-1]
		switch part {
		case "", ".":
			continue
		case "..":
			if len(w.at) == 0 {
				return true
			}
			w.at = w.at[:len(w.at)-1]
			continue
		}
		w.at = append(w.at, part)
		target, ok := w.links[strings.Join(w.at, "/")]
		if !ok {
			continue
		}
		if strings.HasPrefix(target, "/") || strings.ContainsRune(target, 0) || len(target) > maxLink {
			return true
		}
		if w.hops++; w.hops > 40 {
			return false // as for the kernel (ELOOP): nobody gets anywhere by it
		}
		w.at = w.at[:len(w.at)-1]
		w.push(target)
	}
	return false
}
