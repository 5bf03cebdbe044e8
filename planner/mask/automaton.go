package mask

// automaton finds many texts in one pass over the input (Aho and Corasick), whatever the texts look like.
type automaton struct {
	nodes []node
	root  [256]int32 // children of the root by byte: where nearly all input stays
}

// node is a prefix of a text. Most have one child, so that siblings are a list.
type node struct {
	child, sibling int32
	fail           int32 // the longest proper suffix of this prefix that is a prefix of a text
	depth          int32 // length of the prefix
	match          int32 // length of the longest text that ends here; 0 = none
	label          byte
}

// newAutomaton builds the search for texts.
func newAutomaton(texts map[string]struct{}) *automaton {
	a := &automaton{nodes: make([]node, 1)}
	for text := range texts {
		at := int32(0)
		for i := range len(text) {
			at = a.grow(at, text[i])
		}
		a.nodes[at].match = a.nodes[at].depth
	}
	a.link()
	return a
}

// grow returns the child of a node, made when missing.
func (a *automaton) grow(at int32, label byte) int32 {
	if child := a.child(at, label); child != 0 {
		return child
	}
	made := int32(len(a.nodes))
	a.nodes = append(a.nodes, node{sibling: a.nodes[at].child, depth: a.nodes[at].depth + 1, label: label})
	a.nodes[at].child = made
	if at == 0 {
		a.root[label] = made
	}
	return made
}

// child returns the child of a node, or 0.
func (a *automaton) child(at int32, label byte) int32 {
	if at == 0 {
		return a.root[label]
	}
	child := a.nodes[at].child
	for child != 0 && a.nodes[child].label != label {
		child = a.nodes[child].sibling
	}
	return child
}

// next is the state after one more byte.
func (a *automaton) next(at int32, label byte) int32 {
	for {
		child := a.child(at, label)
		if child != 0 || at == 0 {
			return child
		}
		at = a.nodes[at].fail
	}
}

// link sets the fail links, nearest to the root first.
func (a *automaton) link() {
	queue := []int32{0}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for child := a.nodes[at].child; child != 0; child = a.nodes[child].sibling {
			n := &a.nodes[child]
			if at != 0 {
				n.fail = a.next(a.nodes[at].fail, n.label)
			}
			if n.match == 0 {
				n.match = a.nodes[n.fail].match
			}
			queue = append(queue, child)
		}
	}
}
