package planner

import (
	"encoding/json"
	"strings"
)

// indent is one level of an outline.
const indent = "  "

// maxOutline is how many levels an outline has; what is deeper stays on one line, or indentation would be most of it.
const maxOutline = 32

// outline writes a JSON document in the style of HCL, by line. Order and repeated keys stay as they are in the text: a
// reviewer must not see another document than the cloud gets. It reports whether the text is JSON.
func outline(text string) ([]string, bool) {
	if !json.Valid([]byte(text)) { // this also bounds how deep it is
		return nil, false
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	o := outliner{dec: dec}
	o.value(0, "", "")
	return o.lines, o.err == nil
}

// outliner goes through the tokens of a valid document.
type outliner struct {
	dec   *json.Decoder
	lines []string
	err   error
}

func (o *outliner) line(level int, text string) {
	o.lines = append(o.lines, strings.Repeat(indent, level)+text)
}

// value writes the next value between prefix and suffix.
func (o *outliner) value(level int, prefix, suffix string) {
	if level > maxOutline {
		var rest json.RawMessage
		o.keep(o.dec.Decode(&rest))
		o.line(level, prefix+visible(compactText(rest))+suffix)
		return
	}
	token, err := o.dec.Token()
	if o.keep(err); o.err != nil {
		return
	}
	delim, ok := token.(json.Delim)
	if !ok {
		o.line(level, prefix+visible(compact(token))+suffix)
		return
	}
	closing := map[json.Delim]string{'{': "}", '[': "]"}[delim]
	if !o.dec.More() {
		_, err := o.dec.Token()
		o.keep(err)
		o.line(level, prefix+delim.String()+closing+suffix)
		return
	}
	o.line(level, prefix+delim.String())
	for o.dec.More() && o.err == nil {
		o.value(level+1, o.key(delim), ",")
	}
	_, err = o.dec.Token()
	o.keep(err)
	o.line(level, closing+suffix)
}

// key reads the key of the next value within an object and returns how the line begins.
func (o *outliner) key(in json.Delim) string {
	if in != '{' {
		return ""
	}
	token, err := o.dec.Token()
	o.keep(err)
	key, _ := token.(string)
	if !isName(key) {
		key = visible(compact(key))
	}
	return key + " = "
}

func (o *outliner) keep(err error) {
	if o.err == nil {
		o.err = err
	}
}

// compactText is JSON text without white space, as it was otherwise.
func compactText(raw json.RawMessage) string {
	var out strings.Builder
	quoted := false
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case quoted && c == '\\':
			out.WriteByte(c)
			i++
			c = raw[i]
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ' ' || c == '\n' || c == '\t' || c == '\r'):
			continue
		}
		out.WriteByte(c)
	}
	return out.String()
}
