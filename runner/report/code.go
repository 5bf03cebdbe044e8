package report

import "strings"

// code writes s as a code span, whatever it holds.
func code(s string) string {
	s = oneLine(s)
	if strings.TrimSpace(s) == "" {
		s = `"` + s + `"`
	}
	mark := strings.Repeat("`", longestRun(s)+1)
	if s[0] == '`' || s[len(s)-1] == '`' || s[0] == ' ' && s[len(s)-1] == ' ' {
		s = " " + s + " "
	}
	return mark + s + mark
}

// briefCode writes s as a code span of at most n bytes (n ≥ 18) that may stand in a table.
func briefCode(s string, n int) string {
	return code(shorten(cellEscapes.Replace(oneLine(s)), n-2))
}

// cellEscapes are for what a table cell cannot hold in code, or only at an unbounded length.
var cellEscapes = strings.NewReplacer("|", `\x7c`, "`", `\x60`)

// longestRun returns the length of the longest run of backticks in s.
func longestRun(s string) int {
	longest := 0
	for {
		i := strings.IndexByte(s, '`')
		if i < 0 {
			return longest
		}
		n := 1
		for i+n < len(s) && s[i+n] == '`' {
			n++
		}
		longest = max(longest, n)
		s = s[i+n:]
	}
}

// htmlCode writes s as an HTML code element of about n bytes, for a summary, which is HTML and not Markdown.
func htmlCode(s string, n int) string {
	s = oneLine(s)
	escaped := htmlEscapes.Replace(s)
	for m := n; len(escaped) > n && m > 16; m /= 2 {
		escaped = htmlEscapes.Replace(shorten(s, m))
	}
	return "<code>" + escaped + "</code>"
}

var htmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;")
