package report

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

var markdown = goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote))

// checkPage checks what holds for every page of every document.
func checkPage(t *testing.T, page string, limit int) {
	t.Helper()
	if limit > 0 && len(page) > limit {
		t.Errorf("page has %d bytes, limit %d", len(page), limit)
	}
	_, ok := Metadata(page)
	if !ok && (limit == 0 || limit >= MinLimit) {
		t.Errorf("page without metadata:\n%s", page)
	} else if bare := Unmark(page); ok && (strings.Contains(bare[max(0, len(bare)-5):], "-->") || !strings.HasPrefix(page, strings.TrimRight(bare, "\n"))) {
		t.Errorf("a page without its metadata ends so:\n%s", bare)
	}
	checkMarkdown(t, page)
}

// checkVisible checks that a text holds nothing that a reader does not see.
func checkVisible(t *testing.T, s string) {
	t.Helper()
	if i := strings.IndexFunc(s, func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsGraphic(r) }); i >= 0 {
		t.Errorf("hidden character at %d: %q", i, s[i:min(i+8, len(s))])
	}
}

// ownHTML is the only HTML that a report has.
var ownHTML = regexp.MustCompile(`^(<details( open)?><summary>(<code>[^<>]*</code>|[^<>])*</summary>|</details>|<!-- driftless:[^<> ]* -->)$`)

// pings is text that forges turn into mentions, references, links or formulas.
var pings = regexp.MustCompile(`@\w|#\d|[!$~&%]\d|://|www\.|(?i:gh-\d)|\$`)

// checkMarkdown parses a page as a forge would and checks that everything in it that means something is ours.
func checkMarkdown(t *testing.T, page string) {
	t.Helper()
	if !utf8.ValidString(page) {
		t.Error("page is not UTF-8")
	}
	checkVisible(t, page)
	source := []byte(page)
	depth := 0
	err := ast.Walk(markdown.Parser().Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Document, *ast.Paragraph, *ast.TextBlock, *ast.List, *ast.ListItem, *ast.ThematicBreak, *ast.Blockquote,
			*extast.Table, *extast.TableHeader:
		case *extast.TableRow:
			if n.ChildCount() != 4 {
				t.Errorf("table row of %d cells", n.ChildCount())
			}
		case *extast.TableCell:
		case *ast.Heading:
			if n.Level != 3 || n.Lines().Len() != 1 || !strings.Contains(string(n.Lines().Value(source)), "(continued, page ") {
				t.Errorf("foreign heading: %s", n.Lines().Value(source))
			}
		case *ast.Emphasis:
			if n.Level != 2 {
				t.Errorf("foreign emphasis")
			}
		case *ast.CodeSpan:
			return ast.WalkSkipChildren, nil
		case *ast.FencedCodeBlock:
			if n.Info == nil || !strings.Contains(" text diff ", " "+string(n.Info.Value(source))+" ") {
				t.Errorf("foreign fence")
			}
		case *ast.Text:
			if s := string(n.Segment.Value(source)); pings.MatchString(s) || strings.ContainsAny(s, "`<\\&") {
				if s != "[!CAUTION]" && s != "!CAUTION" {
					t.Errorf("text that means something: %q", s)
				}
			}
		case *ast.HTMLBlock:
			for i := range n.Lines().Len() {
				line := n.Lines().At(i)
				html := strings.TrimRight(string(line.Value(source)), "\n")
				if !ownHTML.MatchString(html) {
					t.Errorf("foreign HTML: %q", html)
				}
				depth += strings.Count(html, "<details") - strings.Count(html, "</details>")
				if depth < 0 {
					t.Errorf("a closing tag too many")
				}
			}
		default:
			t.Errorf("foreign %s", n.Kind())
		}
		return ast.WalkContinue, nil
	})
	if err != nil || depth != 0 {
		t.Errorf("err %v, %d details open at the end", err, depth)
	}
	if t.Failed() {
		t.Logf("page:\n%s", page)
	}
}
