package forgetest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
)

// hooks are read when they are signed with the secret.
func hooks(b *bench) {
	const secret = "a secret of ours"
	n, _ := b.topic("one")
	must(b.repo.Comment("bob", n, "driftless plan"))(b)
	must(b.repo.Review("bob", n, "APPROVED", ""))(b)
	must(b.repo.OpenIssue("bob", "Issue", ""))(b)
	told := 0
	for _, e := range b.World.Events() {
		header, body, ok := b.Deliver(e, secret)
		if !ok {
			continue
		}
		told++
		hook, err := b.Account.Hook(header, body, secret)
		if err != nil || hook.Repository != path || hook.Rerun != "" {
			b.Errorf("%s %s: %+v, %v", e.Kind, e.Action, hook, err)
		}
		b.forged(header, body, secret)
	}
	if told < 5 {
		b.Errorf("only %d events were told", told)
	}
	sign := func(body string) http.Header {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(body))
		h := http.Header{"Content-Type": {"application/json"}}
		h.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
		for _, brand := range []string{"GitHub", "Gitea"} {
			h.Set("X-"+brand+"-Event", "ping")
		}
		return h
	}
	hook, err := b.Account.Hook(sign(`{"zen":"Keep it logically awesome."}`), []byte(`{"zen":"Keep it logically awesome."}`), secret)
	if err != nil || hook.Repository != "" {
		b.Errorf("of no repository: %+v, %v", hook, err)
	}
	if _, err := b.Account.Hook(sign("not JSON"), []byte("not JSON"), secret); err == nil {
		b.Error("what is not JSON was understood")
	}
}

func (b *bench) forged(header http.Header, body []byte, secret string) {
	b.Helper()
	refused := func(what string, header http.Header, body []byte, secret string) {
		b.Helper()
		if _, err := b.Account.Hook(header, body, secret); err == nil {
			b.Errorf("%s was taken for authentic", what)
		}
	}
	refused("another secret", header, body, secret+"!")
	refused("another body", header, bytes.Replace(body, []byte("infra"), []byte("other"), 1), secret)
	bare := header.Clone()
	for name := range bare {
		if bytes.Contains([]byte(name), []byte("Signature")) {
			bare.Del(name)
		}
	}
	refused("an unsigned one", bare, body, secret)
	for name := range header {
		if bytes.Contains([]byte(name), []byte("Signature")) {
			bare.Set(name, "sha256=zz")
		}
	}
	refused("a signature that is none", bare, body, secret)
}
