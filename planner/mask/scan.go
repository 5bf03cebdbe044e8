package mask

// span is a part of the input that is to be replaced.
type span struct{ start, end int }

// scan is one pass of an automaton over a text that comes in pieces.
type scan struct {
	search *automaton
	at     int32  // state
	read   int    // bytes
	found  []span // what is to be replaced, in order; overlaps are joined
}

// feed reads the next piece of the text.
func (s *scan) feed(text []byte) {
	for i, c := range text {
		s.at = s.search.next(s.at, c)
		length := int(s.search.nodes[s.at].match)
		if length == 0 {
			continue
		}
		end := s.read + i + 1
		f := span{end - length, end}
		for len(s.found) > 0 && s.found[len(s.found)-1].end > f.start {
			f.start = min(f.start, s.found[len(s.found)-1].start)
			s.found = s.found[:len(s.found)-1]
		}
		s.found = append(s.found, f)
	}
	s.read += len(text)
}

// decided returns how much of what was read is final, whatever follows.
func (s *scan) decided() int {
	at := s.at
	for at != 0 && s.search.nodes[at].child == 0 {
		at = s.search.nodes[at].fail // nothing longer begins like this
	}
	decided := s.read - int(s.search.nodes[at].depth)
	// An occurrence that overlaps the last ones may still follow them.
	for i := len(s.found) - 1; i >= 0 && s.found[i].end > decided; i-- {
		decided = min(decided, s.found[i].start)
	}
	return decided
}

// replace appends the first end bytes of text, masked, to out.
func (s *scan) replace(out, text []byte, end int) []byte {
	at := 0
	for _, f := range s.found {
		if f.end > end {
			break
		}
		out = append(append(out, text[at:f.start]...), Replacement...)
		at = f.end
	}
	return append(out, text[at:end]...)
}

// drop forgets the first end bytes of the text.
func (s *scan) drop(end int) {
	kept := 0
	for _, f := range s.found {
		if f.end > end {
			s.found[kept] = span{f.start - end, f.end - end}
			kept++
		}
	}
	s.found = s.found[:kept]
	s.read -= end
}
