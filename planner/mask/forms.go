package mask

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// minLine is the shortest line of a multi-line value that is masked by itself, in bytes: documents such as a
// kubeconfig hold many short lines that say nothing.
const minLine = 8

// minAligned is the shortest base64 text that is masked when the value may stand in the middle of what was encoded.
const minAligned = 6

// maxEncoded is how many bytes of values are found in their encodings too, which take about 20 times the memory.
const maxEncoded = 64 << 10

// formsOf returns every text in which values may appear, the shortest values first while the budget lasts.
func formsOf(values map[string]struct{}) map[string]struct{} {
	sorted := slices.SortedFunc(maps.Keys(values), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	})
	forms := map[string]struct{}{}
	budget := maxEncoded
	for _, value := range sorted {
		budget -= len(value)
		for _, part := range parts(value) {
			forms[part] = struct{}{}
			if budget >= 0 {
				add(forms, jsonForms(part), urlForms(part))
			}
		}
		if budget >= 0 {
			add(forms, base64Forms(value), base64Forms(strings.TrimSpace(value)))
		}
	}
	return forms
}

func add(forms map[string]struct{}, lists ...[]string) {
	for _, list := range lists {
		for _, form := range list {
			if len(form) >= minValue {
				forms[form] = struct{}{}
			}
		}
	}
}

// parts are a value, what is left without white space around it, and its lines.
func parts(value string) []string {
	parts := []string{value}
	if trimmed := strings.TrimSpace(value); len(trimmed) >= minValue {
		parts = append(parts, trimmed)
	}
	if strings.Contains(value, "\n") {
		for line := range strings.SplitSeq(value, "\n") {
			if line = strings.TrimSpace(line); len(line) >= minLine {
				parts = append(parts, line)
			}
		}
	}
	return parts
}

// jsonForms are the contents of JSON strings (with and without HTML escapes, and with ASCII only), of JSON within
// JSON, and of HCL strings.
func jsonForms(s string) []string {
	plain, html, ascii := jsonString(s, false), jsonString(s, true), strconv.QuoteToASCII(s)
	forms := []string{plain, html, jsonString(plain, false), jsonString(html, false)}
	if ascii = ascii[1 : len(ascii)-1]; !strings.Contains(ascii, `\x`) && !strings.Contains(ascii, `\U`) {
		forms = append(forms, ascii)
	}
	return append(forms, strings.NewReplacer("${", "$${", "%{", "%%{").Replace(plain))
}

// jsonString is the text between the quotes of the JSON string s.
func jsonString(s string, escapeHTML bool) string {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(escapeHTML)
	if err := enc.Encode(s); err != nil {
		return s // a string always encodes
	}
	text := strings.TrimSuffix(out.String(), "\n")
	return text[1 : len(text)-1]
}

var percent = regexp.MustCompile(`%[0-9A-F]{2}`)

// urlForms are s in a query, a path, a component of JavaScript's, and user information, with either case of hex digits.
func urlForms(s string) []string {
	query := url.QueryEscape(s)
	forms := []string{query, strings.ReplaceAll(query, "+", "%20"), url.PathEscape(s), url.UserPassword("", s).String()[1:]}
	component := strings.NewReplacer("+", "%20", "%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*").Replace(query)
	forms = append(forms, component)
	for _, form := range forms {
		if lower := percent.ReplaceAllStringFunc(form, strings.ToLower); lower != form {
			forms = append(forms, lower)
		}
	}
	return forms
}

// base64Forms are s encoded by itself, and the characters that s alone decides when it stands after 0, 1 or 2 bytes
// (modulo 3) of other data.
func base64Forms(s string) []string {
	var forms []string
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		whole := enc.EncodeToString([]byte(s))
		forms = append(forms, whole, strings.TrimRight(whole, "="))
		for offset, shared := range []int{0, 2, 3} { // characters that the data before has a part in
			text := enc.EncodeToString(append(make([]byte, offset), s...))
			decided := (offset + len(s)) * 8 / 6
			if decided-shared >= minAligned {
				forms = append(forms, text[shared:decided])
			}
		}
	}
	return forms
}
