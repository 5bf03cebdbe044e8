package gitrepo

import (
	"strings"
	"testing"
)

func TestParseLocation(t *testing.T) {
	t.Parallel()
	cases := []struct{ raw, scheme, addr, display, host, user, password string }{
		{"https://host/a.git", "https", "https://host/a.git", "https://host/a.git", "host", "", ""},
		{"https://u:p%40w@host:8443/a%20b.git", "https", "https://host:8443/a%20b.git", "https://host:8443/a%20b.git", "host:8443", "u", "p@w"},
		{"https://host/a.git?token=t#frag", "https", "https://host/a.git?token=t", "https://host/a.git", "host", "", ""},
		{"ssh://git:pw@host:22/a.git", "ssh", "ssh://git@host:22/a.git", "ssh://git@host:22/a.git", "host:22", "git", "pw"},
		{"git+ssh://git@host/a.git", "ssh", "ssh://git@host/a.git", "ssh://git@host/a.git", "host", "git", ""},
		{"git@host:org/a.git", "ssh", "git@host:org/a.git", "git@host:org/a.git", "host", "git", ""},
		{"host:a.git", "ssh", "host:a.git", "host:a.git", "host", "", ""},
		{"file:///srv/a%20b.git", "file", "/srv/a b.git", "/srv/a b.git", "", "", ""},
		{"/srv/a:b.git", "file", "/srv/a:b.git", "/srv/a:b.git", "", "", ""},
	}
	for _, c := range cases {
		l, err := parseLocation(c.raw)
		if err != nil {
			t.Errorf("%s: %v", c.raw, err)
			continue
		}
		if l != (location{c.scheme, c.addr, c.host, c.display, c.user, c.password, false}) {
			t.Errorf("%s: %+v", c.raw, l)
		}
	}
	for _, bad := range []string{
		"", "ext::sh -c id", "ftp://host/a", "git://host/a", "ssh://-oProxyCommand=id/a", "ssh://-u@host/a", "-oProxyCommand=id:a", "a@-b:c",
		"https://u:s3cret%zz@host/a", "https:///a", "host:", "host:-x", "https://u:s3cret@ho st/", "a\nb", "file://elsewhere/a", "https://u:s3cret@host:port/a",
	} {
		l, err := parseLocation(bad)
		if err == nil {
			t.Errorf("%q was taken for %+v", bad, l)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: the error quotes the password: %v", bad, err)
		}
	}
}

func FuzzParseLocation(f *testing.F) {
	for _, seed := range []string{"https://u:p@host/a?b#c", "git@host:a", "/a b", "file:///a", "ssh://h", "::", "%"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		l, err := parseLocation(raw)
		if err != nil {
			return
		}
		if l.addr == "" || l.addr[0] == '-' || strings.HasPrefix(l.host, "-") {
			t.Errorf("%q: %+v could be taken for an option", raw, l)
		}
		if (l.scheme == "http" || l.scheme == "https") && (strings.Contains(l.addr, "@") && !strings.Contains(raw[strings.Index(raw, "://")+3:], "@")) {
			t.Errorf("%q: %+v", raw, l)
		}
	})
}
