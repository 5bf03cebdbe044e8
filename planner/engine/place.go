package engine

import (
	"regexp"
	"strconv"
	"strings"
)

// Place is a line that the engine complains of.
type Place struct {
	File  string // as the engine names it: relative to the root module's directory
	Line  int
	Error bool   // else a warning
	Text  string // all that it says of it, without the frame around it
}

var placeLine = regexp.MustCompile(`^\s+on (\S.*) line (\d{1,9})[,:]`)

// Places finds the lines that an output names: the first of each frame.
func Places(output string) (all []Place) {
	var frame []string
	for line := range strings.Lines(output) {
		line = strings.TrimRight(line, " \r\n")
		switch text, within := strings.CutPrefix(line, "│"); {
		case within:
			frame = append(frame, strings.TrimPrefix(text, " "))
		default:
			if p, ok := placeOf(frame); ok {
				all = append(all, p)
			}
			frame = nil
		}
	}
	if p, ok := placeOf(frame); ok {
		all = append(all, p)
	}
	return all
}

// placeOf reads one frame.
func placeOf(frame []string) (p Place, ok bool) {
	for _, line := range frame {
		m := placeLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		p = Place{File: m[1], Error: strings.HasPrefix(frame[0], "Error: "), Text: strings.TrimSpace(strings.Join(frame, "\n"))}
		p.Line, _ = strconv.Atoi(m[2]) // nine digits
		return p, p.Line > 0
	}
	return p, false
}
