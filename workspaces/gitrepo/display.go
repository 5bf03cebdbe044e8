package gitrepo

// RedactURL returns the URL of a remote as people may see it: without passwords and query, and without the user name over HTTP.
func RedactURL(raw string) string {
	l, err := parseLocation(raw)
	if err != nil {
		return "(not readable)"
	}
	return l.display
}

// SameHost reports whether two remotes are on one host, reached in one way: only then may one be asked with the
// credentials of the other.
func SameHost(a, b string) bool {
	la, err := parseLocation(a)
	if err != nil {
		return false
	}
	lb, err := parseLocation(b)
	return err == nil && la.scheme != "file" && la.scheme == lb.scheme && la.host == lb.host
}
