package gitrepo

import "testing"

func TestSameHost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"https://git.example.com/a.git", "https://git.example.com/b.git", true},
		{"https://git.example.com:8443/a.git", "https://git.example.com/b.git", false},
		{"http://git.example.com/a.git", "https://git.example.com/b.git", false},
		{"https://git.example.com.evil.net/a.git", "https://git.example.com/b.git", false},
		{"git@git.example.com:a.git", "ssh://git@git.example.com/b.git", true},
		{"/srv/a.git", "/srv/b.git", false},
		{"rubbish://x", "https://git.example.com/b.git", false},
	} {
		if got := SameHost(c.a, c.b); got != c.want {
			t.Errorf("%s, %s: %v", c.a, c.b, got)
		}
	}
}
