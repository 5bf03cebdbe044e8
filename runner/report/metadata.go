package report

import (
	"crypto/sha256"
	"fmt"
	"net/url"
	"strings"
)

const (
	commentOpen  = "<!-- driftless:"
	commentClose = " -->"
)

// metadataComment hides metadata in a comment. Metadata of more than an eighth of a page is replaced by its hash, so that
// it can still be told from other metadata.
func metadataComment(metadata string, limit int) string {
	encoded := encodeMetadata(metadata)
	if limit > 0 && len(encoded) > max(limit/8, 80) {
		encoded = fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(metadata)))
	}
	return commentOpen + encoded + commentClose
}

// encodeMetadata percent-encodes what could end a comment or what an editor of comments could change.
func encodeMetadata(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c <= ' ' || c >= 0x7f || c == '<' || c == '>' || c == '%' || c == '-' && i > 0 && s[i-1] == '-' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// Metadata reads the metadata of a page that Render wrote: what Document.Metadata was, or "sha256:" and its hash in hex where it was longer
// than an eighth of the limit. It reports false for a text that is not such a page.
func Metadata(page string) (string, bool) {
	page = strings.TrimRight(page, " \r\n\t")
	start := strings.LastIndex(page, commentOpen)
	if start < 0 || !strings.HasSuffix(page, commentClose) || start > 0 && page[start-1] != '\n' {
		return "", false
	}
	encoded := page[start+len(commentOpen) : len(page)-len(commentClose)]
	metadata, err := url.PathUnescape(encoded)
	if err != nil || strings.ContainsAny(encoded, "<> \n") {
		return "", false
	}
	return metadata, true
}

// Unmark is a page without its metadata, for readers to whom a comment is not hidden.
func Unmark(page string) string {
	if _, ok := Metadata(page); !ok {
		return page
	}
	return strings.TrimRight(page[:strings.LastIndex(page, commentOpen)], "\n") + "\n"
}

// Mark hides metadata at the end of a text, as Render does with Document.Metadata.
func Mark(text, metadata string) string {
	return strings.TrimRight(text, "\n") + "\n\n" + metadataComment(metadata, 0) + "\n"
}
