package gitea

import (
	"net/http"
	"strconv"
	"testing"

	sdk "code.gitea.io/sdk/gitea"
)

func TestKeyOf(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://git.example.com/acme/infra/pulls/12":      "12",
		"https://git.example.com/sub/acme/infra/issues/3":  "3",
		"https://git.example.com/acme/infra/issues/3#note": "3",
		"https://git.example.com/acme/infra/issues/0":      "",
		"https://git.example.com/acme/infra/issues/x":      "",
		"https://git.example.com/acme/infra/wiki/3":        "",
		"7": "", "": "", "://": "",
	} {
		if got := keyOf(address); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

func FuzzKeyOf(f *testing.F) {
	f.Add("https://git.example.com/acme/infra/pulls/12")
	f.Fuzz(func(t *testing.T, address string) {
		key := keyOf(address)
		if n, err := strconv.ParseInt(key, 10, 64); key != "" && (err != nil || n <= 0 || strconv.FormatInt(n, 10) != key) {
			t.Errorf("%q: %q", address, key)
		}
	})
}

func FuzzHook(f *testing.F) {
	f.Add([]byte(`{"repository":{"full_name":"acme/infra"}}`), "00", "secret")
	f.Add([]byte(`{"repository":{"full_name":"acme/infra"}}`), "2f94a757d2246073e26781d117ce0183ebd87b4d66c460494376d5c37d71985b", "secret")
	f.Fuzz(func(t *testing.T, body []byte, signature, secret string) {
		header := http.Header{}
		header.Set("X-Gitea-Signature", signature)
		_, err := (&Account{}).Hook(header, body, secret)
		if authentic(header, body, secret) != nil && err == nil {
			t.Error("what is not authentic was read")
		}
	})
}

func TestForeign(t *testing.T) {
	t.Parallel()
	here := &sdk.Repository{ID: 1}
	base := &sdk.PRBranchInfo{Ref: "main", RepoID: 1, Repository: here}
	for name, c := range map[string]struct {
		head *sdk.PRBranchInfo
		want bool
	}{
		"a branch here":               {&sdk.PRBranchInfo{Ref: "topic", RepoID: 1, Repository: here}, false},
		"a branch of a fork":          {&sdk.PRBranchInfo{Ref: "topic", RepoID: 2, Repository: &sdk.Repository{ID: 2}}, true},
		"a fork that is gone":         {&sdk.PRBranchInfo{Ref: "topic", RepoID: -1}, true},
		"a push to refs/for (AGit)":   {&sdk.PRBranchInfo{Ref: "refs/pull/3/head", RepoID: 1, Repository: here}, true},
		"nothing that is known of it": {nil, true},
	} {
		if got := foreign(&sdk.PullRequest{Base: base, Head: c.head}); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestDraft(t *testing.T) {
	t.Parallel()
	for title, want := range map[string]bool{"WIP: a": true, "wip:a": true, "[WIP] a": true, "WIP a": false, "a WIP: b": false, "": false} {
		if got := draft(&sdk.PullRequest{Title: title}); got != want {
			t.Errorf("%q: %v", title, got)
		}
	}
}
