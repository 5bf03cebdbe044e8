package gitrepo

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// location is where a remote is, with the credentials of its URL taken out.
type location struct {
	scheme             string // "http", "https", "ssh" or "file"
	addr               string // what git(1) and go-git are given; a path for "file"
	host               string // with port; "" for "file"
	display            string // what people are shown
	username, password string // of the URL
	stranger           bool   // somebody else chose it: nothing of ours may vouch for us there
}

var errScheme = errors.New("use https://host/path, ssh://user@host/path, user@host:path, file:///path or a path")

// parseLocation reads the URL of a remote. Its errors never quote the URL, which may hold a password.
func parseLocation(raw string) (location, error) {
	switch {
	case raw == "":
		return location{}, fmt.Errorf("the URL of the repository is empty: %w", errScheme)
	case strings.ContainsAny(raw, "\x00\n\r"):
		return location{}, errors.New("the URL of the repository holds a line break or a NUL byte")
	case strings.Contains(raw, "://"):
		return parseURL(raw)
	}
	colon, slash := strings.IndexByte(raw, ':'), strings.IndexByte(raw, '/')
	if colon > 0 && (slash < 0 || colon < slash) {
		return parseScp(raw, colon)
	}
	return fileLocation(raw)
}

func parseURL(raw string) (location, error) {
	u, err := url.Parse(raw)
	if err != nil {
		var inner *url.Error // its text quotes the URL
		if errors.As(err, &inner) {
			err = inner.Err
		}
		if strings.Contains(raw, "@") {
			err = errors.New("it cannot be read (percent-encode special characters of a user name or password)")
		}
		return location{}, fmt.Errorf("the URL of the repository: %w", err)
	}
	l := location{scheme: strings.ToLower(strings.TrimPrefix(u.Scheme, "git+")), host: u.Host, username: u.User.Username()}
	l.password, _ = u.User.Password()
	switch l.scheme {
	case "file":
		if u.Host != "" && u.Host != "localhost" {
			return location{}, fmt.Errorf("a file URL names the host %s: %w", u.Host, errScheme)
		}
		return fileLocation(u.Path)
	case "http", "https", "ssh":
	default:
		return location{}, fmt.Errorf("URLs of the kind %s:// are not supported: %w", u.Scheme, errScheme)
	}
	if u.Hostname() == "" || strings.HasPrefix(u.Hostname(), "-") || strings.HasPrefix(l.username, "-") {
		return location{}, fmt.Errorf("the URL of the repository names no host: %w", errScheme)
	}
	u.Scheme, u.Fragment = l.scheme, ""
	u.User = nil
	if l.scheme == "ssh" && l.username != "" {
		u.User = url.User(l.username)
	}
	l.addr = u.String()
	u.RawQuery = "" // tokens are found there, too
	l.display = u.String()
	return l, nil
}

// parseScp reads user@host:path, in which Git knows no port.
func parseScp(raw string, colon int) (location, error) {
	user, host := "", raw[:colon]
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		user, host = host[:at], host[at+1:]
	}
	path := raw[colon+1:]
	if host == "" || path == "" || path[0] == ':' || path[0] == '-' || strings.HasPrefix(raw, "-") || strings.HasPrefix(host, "-") {
		return location{}, fmt.Errorf("the URL of the repository cannot be read: %w", errScheme)
	}
	user, _, _ = strings.Cut(user, ":")
	l := location{scheme: "ssh", host: host, username: user, addr: host + ":" + path}
	if user != "" {
		l.addr = user + "@" + l.addr
	}
	l.display = l.addr
	return l, nil
}

func fileLocation(path string) (location, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return location{}, fmt.Errorf("the path of the repository: %w", err)
	}
	return location{scheme: "file", addr: abs, display: abs}, nil
}

// credentials are what the remote is asked with over HTTP: those configured, else those of the URL.
func (l location) credentials(auth Auth) (username, password string) {
	username, password = auth.Username, auth.Password
	if username == "" && password == "" {
		username, password = l.username, l.password
	}
	if username == "" && password != "" {
		username = "x-access-token" // forges take a token with any user name, but not with none
	}
	return username, strings.TrimRight(password, "\r\n")
}

// origin is what credentials are bound to.
func (l location) origin() string { return l.scheme + "://" + l.host }
