package github

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
)

func TestURLOfTheAPI(t *testing.T) {
	t.Parallel()
	for web, want := range map[string]string{
		"https://github.com": "https://api.github.com/", "https://github.com/": "https://api.github.com/",
		"https://git.example.com": "https://git.example.com/api/v3/", "http://127.0.0.1:8080/": "http://127.0.0.1:8080/api/v3/",
		"https://acme.ghe.com": "https://api.acme.ghe.com/", "github.com": "", "": "", "ftp://x": "",
	} {
		got, err := apiURL(web)
		if want == "" && err == nil || want != "" && (err != nil || got.String() != want) {
			t.Errorf("%q: %v %v", web, got, err)
		}
	}
}

func TestSignInIsOneOfTwo(t *testing.T) {
	t.Parallel()
	key := func(context.Context) ([]byte, error) { return nil, nil }
	for _, opts := range []Options{
		{URL: "https://github.com"},
		{URL: "https://github.com", Token: constant("x"), App: &App{ID: 1, Key: key}},
		{URL: "https://github.com", App: &App{ID: 1}},
		{URL: "nowhere", Token: constant("x")},
	} {
		if _, err := New(opts); err == nil {
			t.Errorf("%+v is accepted", opts)
		}
	}
}

func TestReplacedTokenIsSeenAtOnce(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.HandleFunc("POST /repos/octo/infra/statuses/abc", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer new" {
			reply(w, 401, `{"message":"Bad credentials"}`)
			return
		}
		reply(w, 201, "{}")
	})
	var reads atomic.Int32
	current := atomic.Pointer[string]{}
	old, fresh := "old", "new\n"
	current.Store(&old)
	h := s.account(t, Options{Token: func(context.Context) (string, error) { reads.Add(1); return *current.Load(), nil }}).Repository("octo/infra", nil)
	status := forge.Status{Context: "driftless/plan", State: forge.Success}

	var denied *forge.Denied
	if err := h.SetStatus(t.Context(), "abc", status); !errors.As(err, &denied) || !strings.HasPrefix(denied.Reason, "the token was not accepted (Bad credentials): it is wrong") {
		t.Errorf("with the old token: %v", err)
	}
	current.Store(&fresh)
	if err := h.SetStatus(t.Context(), "abc", status); err != nil {
		t.Errorf("with the new token: %v", err)
	}
	before := reads.Load()
	if err := h.SetStatus(t.Context(), "abc", status); err != nil || reads.Load() != before {
		t.Errorf("the token is read for every request: %v", err)
	}
}

func TestSecretThatCannotBeReadIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	h := s.account(t, Options{Token: func(context.Context) (string, error) { return "", errors.New("no such file") }}).Repository("octo/infra", nil)
	_, err := h.Credentials(t.Context())
	var later *forge.Later
	if !errors.As(err, &later) || !strings.Contains(err.Error(), "read the token: no such file") {
		t.Error(err)
	}
	h = s.account(t, Options{Token: constant(" ")}).Repository("octo/infra", nil)
	var denied *forge.Denied
	if _, err := h.Credentials(t.Context()); !errors.As(err, &denied) {
		t.Error(err)
	}
}

var appKey = newKey()

func newKey() []byte {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
}

// appServer answers as installation 7 of octo, with tokens of the given life.
func appServer(t *testing.T, life time.Duration) (*server, *atomic.Int32) {
	t.Helper()
	s, made := newServer(t), &atomic.Int32{}
	s.says("GET /repos/octo/{name}/installation", 200, `{"id":7}`)
	s.says("GET /repos/stranger/{name}/installation", 404, `{"message":"Not Found"}`)
	s.HandleFunc("POST /app/installations/7/access_tokens", func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ey") {
			reply(w, 401, `{"message":"A JSON web token could not be decoded"}`)
			return
		}
		reply(w, 201, fmt.Sprintf(`{"token":"t%d","expires_at":%q}`, made.Add(1), time.Now().Add(life).UTC().Format(time.RFC3339)))
	})
	return s, made
}

func (s *server) app(t *testing.T, key func(context.Context) ([]byte, error)) *Account {
	t.Helper()
	return s.account(t, Options{App: &App{ID: 1, Key: key}})
}

func constantKey(context.Context) ([]byte, error) { return appKey, nil }

func TestInstallationTokenIsKeptWhileItLasts(t *testing.T) {
	t.Parallel()
	for life, want := range map[time.Duration]string{time.Hour: "t1 t1 t1", spare - time.Minute: "t1 t2 t3"} {
		s, _ := appServer(t, life)
		a := s.app(t, constantKey)
		var got []string
		for _, path := range []string{"octo/infra", "octo/infra", "Octo/other"} {
			auth, err := a.Repository(path, nil).Credentials(t.Context())
			if err != nil || auth.Username != "x-access-token" {
				t.Fatal(auth, err)
			}
			got = append(got, auth.Password)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("life %s: %v", life, got)
		}
		if log := s.asked(); !slices.Equal(log[:2], []string{"GET /repos/octo/infra/installation", "POST /app/installations/7/access_tokens"}) || slices.Contains(log, "GET /repos/Octo/other/installation") {
			t.Errorf("life %s: %v", life, log)
		}
	}
}

func TestRefusedInstallationTokenIsReplaced(t *testing.T) {
	t.Parallel()
	s, made := appServer(t, time.Hour)
	s.HandleFunc("GET /repos/octo/infra/issues/1/comments", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer t1" { // it was revoked
			reply(w, 401, `{"message":"Bad credentials"}`)
			return
		}
		reply(w, 200, `[{"id":1,"user":{"login":"driftless[bot]","type":"Bot"}}]`)
	})
	s.says("GET /app", 200, `{"slug":"driftless"}`)
	thread, err := s.app(t, constantKey).Repository("octo/infra", nil).Thread(t.Context(), "1")
	if err != nil || made.Load() != 2 || len(thread) != 1 || !thread[0].Own || !thread[0].Bot {
		t.Error(thread, err, made.Load())
	}
}

func TestChangedKeyTakesEffect(t *testing.T) {
	t.Parallel()
	s, made := appServer(t, time.Hour)
	var key atomic.Pointer[[]byte]
	broken := []byte("not a key")
	key.Store(&broken)
	a := s.app(t, func(context.Context) ([]byte, error) { return *key.Load(), nil })
	h := a.Repository("octo/infra", nil)
	var denied *forge.Denied
	if _, err := h.Credentials(t.Context()); !errors.As(err, &denied) || len(s.asked()) != 0 {
		t.Fatal(err)
	}
	for i, next := range [][]byte{appKey, newKey()} {
		a.sign.(*app).key.Refused(strings.TrimSpace(string(*key.Swap(&next))))
		if _, err := h.Credentials(t.Context()); err != nil || made.Load() != int32(i+1) {
			t.Errorf("key %d: %v, %d tokens", i, err, made.Load())
		}
	}
}

func TestAppThatIsNotInstalledSaysSo(t *testing.T) {
	t.Parallel()
	s, _ := appServer(t, time.Hour)
	_, err := s.app(t, constantKey).Repository("stranger/infra", nil).Credentials(t.Context())
	if !errors.Is(err, forge.ErrGone) || !strings.Contains(err.Error(), "the GitHub App is not installed on stranger/infra") {
		t.Error(err)
	}
}
