package command

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// maxBody is how much of a comment is read, in bytes: as much as GitHub lets anyone write.
const maxBody = 1 << 16

// How much of what parsing takes the square of in time, where it is not closed, may stand in a comment that is read.
const (
	maxMarkup = 100  // comments, declarations and instructions of HTML
	maxTicks  = 4000 // backticks
)

// maxDepth is how deep quotations and lists may be nested in a comment that is read: parsing takes its square in time.
const maxDepth = 100

// markdown knows the blocks of Markdown, and of what stands in a line only what can hide the beginning of another one.
var markdown = parser.NewParser(
	parser.WithBlockParsers(parser.DefaultBlockParsers()...),
	parser.WithInlineParsers(util.Prioritized(parser.NewCodeSpanParser(), 100), util.Prioritized(parser.NewRawHTMLParser(), 400)),
)

// lines returns the lines of a comment that a forge shows as ordinary text.
func lines(body string) []string {
	body = strings.ReplaceAll(body[:min(len(body), maxBody)], "\r\n", "\n")
	if !addressed(body) || costly(body) {
		return nil
	}
	source := []byte(body)
	var found []string
	_ = ast.Walk(markdown.Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.Blockquote, *ast.CodeBlock, *ast.FencedCodeBlock, *ast.HTMLBlock, *ast.CodeSpan, *ast.RawHTML:
			return ast.WalkSkipChildren, nil
		case *ast.Text:
			start := bytes.LastIndexByte(source[:n.Segment.Start], '\n') + 1
			if entering && len(bytes.TrimSpace(source[start:n.Segment.Start])) == 0 {
				line, _, _ := strings.Cut(body[start:], "\n")
				found = append(found, line)
			}
		}
		return ast.WalkContinue, nil
	})
	return found
}

// addressed reports whether a line may be for driftless. Most comments have none, and are not parsed.
func addressed(body string) bool {
	for line := range strings.Lines(body) {
		if address.MatchString(strings.TrimRight(line, " \t\r\n")) {
			return true
		}
	}
	return false
}

// costly reports whether a comment has more of what is slow to parse than anyone writes.
func costly(body string) bool {
	markup := strings.Count(body, "<!") + strings.Count(body, "<?")
	return markup > maxMarkup || strings.Count(body, "`") > maxTicks || nested(body)
}

// nested reports whether a line begins with more marks of quotations and lists than anyone writes.
func nested(body string) bool {
	for line := range strings.Lines(body) {
		prefix := line[:len(line)-len(strings.TrimLeft(line, " \t>-+*0123456789.)"))]
		if strings.Count(prefix, ">")+strings.Count(prefix, "- ")+strings.Count(prefix, "+ ")+strings.Count(prefix, "* ")+strings.Count(prefix, ". ")+strings.Count(prefix, ") ") > maxDepth {
			return true
		}
	}
	return false
}
