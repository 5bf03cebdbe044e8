package planner

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible escapes what a reader would not see, or what would act on the terminal or turn the reading order: control and
// format characters (terminal sequences, bidirectional overrides, zero-width characters), line ends, and bytes that are
// not UTF-8. Tabs stay.
func visible(s string) string {
	if strings.IndexFunc(s, concealed) < 0 {
		return s
	}
	var out strings.Builder
	for i, r := range s {
		_, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&out, `\x%02x`, s[i])
		case !concealed(r):
			out.WriteRune(r)
		case r == '\n':
			out.WriteString(`\n`)
		case r == '\r':
			out.WriteString(`\r`)
		case r > 0xffff:
			fmt.Fprintf(&out, `\U%08x`, r)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.String()
}

// concealed reports whether a character does not show as itself.
func concealed(r rune) bool {
	if r < utf8.RuneSelf { // nearly all
		return r < ' ' && r != '\t' || r == 0x7f
	}
	return r == utf8.RuneError || unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) ||
		unicode.Is(unicode.Variation_Selector, r) || r == 0x115f || r == 0x1160 || r == 0x3164 || r == 0xffa0 // Hangul fillers
}
