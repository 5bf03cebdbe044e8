package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// canonical is the JSON that is hashed, after RFC 8785: keys sorted, no spaces, UTF-8, and in strings nothing escaped but
// quotes, backslashes and control characters. Numbers are whole, and stand as they are.
func (r Record) canonical() []byte {
	fields := map[string]any{
		"id": r.ID, "at": r.At, "kind": r.Kind, "actor": r.Actor, "repository": r.Repository, "workspace": r.Workspace, "run": r.Run,
		"pull": r.Pull, "commit": r.Commit, "message": r.Message, "data": decoded(r.Data), "previous": r.Previous,
	}
	var b bytes.Buffer
	write(&b, fields)
	return b.Bytes()
}

// decoded is the value of a JSON text; a text that is none stands for itself.
func decoded(data json.RawMessage) (value any) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(&value); err != nil {
		return string(data)
	}
	return value
}

func write(b *bytes.Buffer, value any) {
	switch v := value.(type) {
	case map[string]any:
		sep := byte('{')
		for _, key := range slices.Sorted(maps.Keys(v)) {
			b.WriteByte(sep)
			writeString(b, key)
			b.WriteByte(':')
			write(b, v[key])
			sep = ','
		}
		if sep == '{' {
			b.WriteByte('{')
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			write(b, item)
		}
		b.WriteByte(']')
	case string:
		writeString(b, v)
	case int64:
		b.WriteString(strconv.FormatInt(v, 10))
	case nil:
		b.WriteString("null")
	default: // a json.Number or a bool
		fmt.Fprint(b, v)
	}
}

// short are the control characters that have an escape of their own.
var short = map[rune]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\t': `\t`, '\n': `\n`, '\f': `\f`, '\r': `\r`}

func writeString(b *bytes.Buffer, s string) {
	b.WriteByte('"')
	for _, r := range s {
		switch escape, ok := short[r]; {
		case ok:
			b.WriteString(escape)
		case r < ' ':
			fmt.Fprintf(b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
}
