package github

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"testing"

	"github.com/driftlessops/driftless/runner/forge"
)

func sign(body, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func TestHook(t *testing.T) {
	t.Parallel()
	const rerun = `{"action":"rerequested","check_run":{"head_sha":"abc","app":{"id":1}},"repository":{"full_name":"octo/infra"},"sender":{"login":"ann"}}`
	const suite = `{"action":"rerequested","check_suite":{"head_sha":"abc","app":{"id":2}},"repository":{"full_name":"octo/infra"},"sender":{"login":"ann"}}`
	form := url.Values{"payload": {rerun}}.Encode()
	a := newServer(t).app(t, constantKey)
	for name, c := range map[string]struct {
		event, body, signature, kind string
		want                         forge.Hook
		fails                        bool
	}{
		"ping":             {event: "ping", body: `{"zen":"x"}`, signature: sign(`{"zen":"x"}`, "s")},
		"rerun":            {event: "check_run", body: rerun, signature: sign(rerun, "s"), want: forge.Hook{Repository: "octo/infra", Rerun: "abc", By: "ann"}},
		"form":             {event: "check_run", body: form, kind: "application/x-www-form-urlencoded", signature: sign(form, "s"), want: forge.Hook{Repository: "octo/infra", Rerun: "abc", By: "ann"}},
		"another App's":    {event: "check_suite", body: suite, signature: sign(suite, "s"), want: forge.Hook{Repository: "octo/infra", By: "ann"}},
		"another event":    {event: "push", body: rerun, signature: sign(rerun, "s"), want: forge.Hook{Repository: "octo/infra", By: "ann"}},
		"no event":         {body: rerun, signature: sign(rerun, "s"), fails: true},
		"wrong secret":     {event: "push", body: rerun, signature: sign(rerun, "other"), fails: true},
		"another body":     {event: "push", body: rerun + " ", signature: sign(rerun, "s"), fails: true},
		"not signed":       {event: "push", body: rerun, fails: true},
		"no hexadecimal":   {event: "push", body: rerun, signature: "sha256=xyz", fails: true},
		"half a signature": {event: "push", body: rerun, signature: sign(rerun, "s")[:20], fails: true},
		"the old kind":     {event: "push", body: rerun, signature: "sha1=" + sign(rerun, "s")[7:47], fails: true},
		"no JSON":          {event: "push", body: "x", signature: sign("x", "s"), fails: true},
	} {
		header := http.Header{}
		for key, value := range map[string]string{"X-GitHub-Event": c.event, "X-Hub-Signature-256": c.signature, "Content-Type": c.kind} {
			if value != "" {
				header.Set(key, value)
			}
		}
		got, err := a.Hook(header, []byte(c.body), "s")
		if (err != nil) != c.fails || got != c.want {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
}

func FuzzHook(f *testing.F) {
	f.Add("check_run", `{"action":"rerequested","check_run":{"head_sha":"abc"}}`, "application/json")
	f.Add("push", "payload=%7B%7D", "application/x-www-form-urlencoded")
	a, err := New(Options{URL: "https://github.com", Token: constant("x")})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, event, body, kind string) {
		header := http.Header{"X-Github-Event": {event}, "Content-Type": {kind}, "X-Hub-Signature-256": {sign(body, "s")}}
		if hook, err := a.Hook(header, []byte(body), "s"); err != nil && hook != (forge.Hook{}) {
			t.Errorf("%+v with %v", hook, err)
		}
		if _, err := a.Hook(header, []byte(body), "t"); err == nil {
			t.Error("another secret is accepted")
		}
	})
}
