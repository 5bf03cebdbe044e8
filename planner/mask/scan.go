package mask

// span is a part of the input that is to be replaced.
type span struct{ start, end int }

// scan is one pass of an automaton over a text.
type scan struct {
	search *automaton
	at     int32  // state
	found  []span // what is to be replaced, in order; overlaps are joined
}

// feed reads the text.
func (s *scan) feed(text []byte) {
	for i, c := range text {
		s.at = s.search.next(s.at, c)
		length := int(s.search.nodes[s.at].match)
		if length == 0 {
			continue
		}
		end := i + 1
		f := span{end - length, end}
		for len(s.found) > 0 && s.found[len(s.found)-1].end > f.start {
			f.start = min(f.start, s.found[len(s.found)-1].start)
			s.found = s.found[:len(s.found)-1]
		}
		s.found = append(s.found, f)
	}
}

// replace is the text, masked.
func (s *scan) replace(text []byte) string {
	out, at := make([]byte, 0, len(text)), 0
	for _, f := range s.found {
		out = append(append(out, text[at:f.start]...), Replacement...)
		at = f.end
	}
	return string(append(out, text[at:]...))
}
