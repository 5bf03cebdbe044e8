package policy

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// addresses are the resource addresses of one plan.
type addresses struct {
	known   map[string]bool
	lengths []int // of the addresses, longest first
}

// addressesOf collects the addresses that a plan changes or reports as drifted.
func addressesOf(plan map[string]any) addresses {
	a := addresses{known: map[string]bool{}}
	for _, root := range []string{"resource_changes", "resource_drift"} {
		list, _ := plan[root].([]any)
		for _, item := range list {
			change, _ := item.(map[string]any)
			if address, _ := change["address"].(string); address != "" {
				a.known[address] = true
			}
		}
	}
	for address := range a.known {
		if !slices.Contains(a.lengths, len(address)) {
			a.lengths = append(a.lengths, len(address))
		}
	}
	slices.SortFunc(a.lengths, func(x, y int) int { return y - x })
	return a
}

// in is the first address that a text names, the longest when several begin there; "" for none.
func (a addresses) in(text string) string {
	before := ' '
	for i, r := range text {
		if !inAddress(before) && before != '.' {
			if found := a.at(text[i:]); found != "" {
				return found
			}
		}
		before = r
	}
	return ""
}

// at is the longest address that a text begins with.
func (a addresses) at(text string) string {
	for _, n := range a.lengths {
		if n > len(text) || !a.known[text[:n]] {
			continue
		}
		if after, _ := utf8.DecodeRuneInString(text[n:]); n == len(text) || !inAddress(after) {
			return text[:n]
		}
	}
	return ""
}

func inAddress(r rune) bool {
	return r == '_' || r == '-' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

// resourceKeys are where conftest policies put the address of what they object to.
var resourceKeys = []string{"address", "resource_address", "resource", "resource_name", "resource_id", "addr"}

// of finds the address that an object with msg is about: in its own keys, in those of its details and metadata, in its
// message. An address of the plan is preferred to anything that only looks like one.
func (a addresses) of(object map[string]any, message string) string {
	var candidates []string
	collect := func(o map[string]any) {
		for _, key := range resourceKeys {
			switch v := o[key].(type) {
			case string:
				candidates = append(candidates, v)
			case map[string]any:
				if address, ok := v["address"].(string); ok {
					candidates = append(candidates, address)
				}
			}
		}
	}
	collect(object)
	for _, key := range []string{"details", "metadata"} {
		if nested, ok := object[key].(map[string]any); ok {
			collect(nested)
		}
	}
	if i := slices.IndexFunc(candidates, func(c string) bool { return a.known[c] }); i >= 0 {
		return candidates[i]
	}
	if found := a.in(message); found != "" {
		return found
	}
	if i := slices.IndexFunc(candidates, looksLikeAddress); i >= 0 {
		return candidates[i]
	}
	return ""
}

// looksLikeAddress tells aws_s3_bucket.logs from a type, a name or an id.
func looksLikeAddress(s string) bool {
	kind, name, found := strings.Cut(s, ".")
	return found && kind != "" && name != "" && !strings.ContainsAny(kind, "/: ")
}
