package gitrepo

// RedactURL returns the URL of a remote as people may see it: without user names and passwords.
func RedactURL(raw string) string {
	l, err := parseLocation(raw)
	if err != nil {
		return "(not readable)"
	}
	return l.display
}
