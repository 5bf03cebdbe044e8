package gitrepo

import "strings"

// ours is the part of the ref namespace that remotes never write.
const ours = "refs/driftless/"

// validRef says whether name is a full ref name by the rules of git check-ref-format. Leading dashes are allowed there.
func validRef(name string) bool {
	if !strings.HasPrefix(name, "refs/") || strings.HasPrefix(name, ours) || len(name) > 1000 {
		return false
	}
	if strings.Contains(name, "..") || strings.Contains(name, "@{") || strings.HasSuffix(name, ".") {
		return false
	}
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c == 0x7f || strings.IndexByte(`~^:?*[\`, c) >= 0 {
			return false
		}
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || len(part) > 250 || part[0] == '.' || strings.HasSuffix(part, ".lock") {
			return false
		}
	}
	return true
}

// isID says whether s is a full object id.
func isID(s string) bool {
	if len(s) != 40 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
