package store

import (
	"database/sql/driver"
	"fmt"
	"strings"
	"unicode/utf8"
)

// text is a string of foreign origin. Names in Git are bytes, and databases take neither invalid UTF-8 nor zero bytes: each
// such byte is kept as a character of a private plane that nothing else uses, and comes back as it was.
type text string

const (
	escaped = 0x10FF00 // to 0x10FFFF
	escape  = 0xF4     // the first byte of each, and of little else
)

// Value implements driver.Valuer.
func (t text) Value() (driver.Value, error) { return t.kept(), nil }

func (t text) kept() string {
	s := string(t)
	if utf8.ValidString(s) && !strings.ContainsFunc(s, awkward) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && size == 1 || awkward(r) {
			for _, c := range []byte(s[:size]) {
				b.WriteRune(escaped + rune(c))
			}
		} else {
			b.WriteString(s[:size])
		}
		s = s[size:]
	}
	return b.String()
}

func awkward(r rune) bool { return r == 0 || r >= escaped }

// Scan implements sql.Scanner.
func (t *text) Scan(value any) error {
	s, err := column(value)
	if err != nil || strings.IndexByte(s, escape) < 0 || !strings.ContainsFunc(s, func(r rune) bool { return r >= escaped }) {
		*t = text(s)
		return err
	}
	var b strings.Builder
	for _, r := range s {
		if r >= escaped {
			b.WriteByte(byte(r - escaped))
		} else {
			b.WriteRune(r)
		}
	}
	*t = text(b.String())
	return nil
}

// span is the range of kept texts that begin with a prefix, its end excluded: what an index can be searched for. No
// character is beyond the one that closes it; only a name that goes on with two bytes 0xff, which is in no text, is missed.
func span(prefix string) (from, to string) {
	from = text(prefix).kept()
	return from, from + "\U0010FFFF\U0010FFFF"
}

// column is the text of a column.
func column(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case []byte:
		return string(v), nil
	}
	return "", fmt.Errorf("a column of text holds %T", value)
}
