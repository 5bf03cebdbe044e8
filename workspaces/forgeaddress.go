package workspaces

import (
	"net/url"
	"strings"
)

// remote is the address of a repository on another machine.
type remote struct{ scheme, host, port, path string }

func (r *remote) ssh() bool { return r.scheme == "ssh" }

// remoteOf reads a URL that was checked; nil for a directory of this machine. The path may be a pattern, which is no URL.
func remoteOf(raw string) *remote {
	if raw == "" || isLocal(raw) {
		return nil
	}
	scheme, rest, isURL := strings.Cut(raw, "://")
	if !isURL { // user@host:path
		host, file, _ := strings.Cut(raw, ":")
		return &remote{scheme: "ssh", host: host[strings.LastIndex(host, "@")+1:], path: cleanPath(file)}
	}
	authority, file, _ := strings.Cut(rest, "/")
	u, err := url.Parse("x://" + authority[strings.LastIndex(authority, "@")+1:])
	if err != nil {
		return nil
	}
	return &remote{scheme: strings.TrimPrefix(strings.ToLower(scheme), "git+"), host: u.Hostname(), port: u.Port(), path: cleanPath(file)}
}

func cleanPath(p string) string {
	return strings.TrimSuffix(strings.Trim(p, "/"), ".git")
}

var defaultPorts = map[string]string{"https": "443", "http": "80"}

// holds reports whether an address is one of the forge's: the same host, and below its path over http.
func (f *Forge) holds(at *remote) bool {
	u, err := url.Parse(f.URL)
	if err != nil || u.Host == "" {
		return false
	}
	if at.ssh() { // also GitHub's own host for ssh over port 443; its port is another one than that of https everywhere
		return strings.EqualFold(at.host, u.Hostname()) || at.host == "ssh.github.com" && u.Host == "github.com"
	}
	port := func(scheme, port string) string {
		if port == defaultPorts[scheme] {
			return ""
		}
		return port
	}
	return strings.EqualFold(at.host, u.Hostname()) && port(at.scheme, at.port) == port(u.Scheme, u.Port()) && strings.HasPrefix("/"+at.path+"/", u.Path+"/")
}

// pathOf is the path of an address relative to the forge's. Over ssh, forges have their path in front or not.
func (f *Forge) pathOf(at *remote) string {
	u, _ := url.Parse(f.URL)
	base := strings.Trim(u.Path, "/")
	rest, ok := strings.CutPrefix(at.path, base+"/")
	if base == "" || !ok || at.ssh() && !strings.Contains(rest, "/") {
		return at.path
	}
	return rest
}
