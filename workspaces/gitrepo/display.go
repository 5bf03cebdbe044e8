package gitrepo

// RedactURL returns the URL of a remote as people may see it: without passwords and query, and without the user name over HTTP.
func RedactURL(raw string) string {
	l, err := parseLocation(raw)
	if err != nil {
		return "(not readable)"
	}
	return l.display
}
