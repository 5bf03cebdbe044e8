package server_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner/server"
)

const hookLimit = 5 << 20

// deliveries are counted webhooks.
type deliveries struct {
	mu    sync.Mutex
	count map[string]int
}

func (d *deliveries) add(forge, outcome string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.count[forge+" "+outcome]++
}

// signed is a hook that wants the signature that GitHub sends.
func signed(header http.Header, body []byte) error {
	mac := hmac.New(sha256.New, []byte("the secret"))
	mac.Write(body)
	given, _ := hex.DecodeString(strings.TrimPrefix(header.Get("X-Hub-Signature-256"), "sha256="))
	if !hmac.Equal(given, mac.Sum(nil)) {
		return errors.New("the signature is not one of the secret")
	}
	return nil
}

func sign(body []byte) string {
	mac := hmac.New(sha256.New, []byte("the secret"))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// serve serves a Public on a loopback port and returns its URL.
func serve(t *testing.T, opts server.PublicOptions, change func(*http.Server)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	srv := server.NewPublic(opts).Server()
	if change != nil {
		change(srv)
	}
	go func() { _ = srv.Serve(listener) }()
	t.Cleanup(func() { _ = srv.Close() })
	return "http://" + listener.Addr().String()
}

func TestPublic(t *testing.T) {
	t.Parallel()
	counted := deliveries{count: map[string]int{}}
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "metrics") })
	var log bytes.Buffer
	url := serve(t, server.PublicOptions{
		Hooks: map[string]server.Hook{"github": signed}, Metrics: metrics, Delivered: counted.add,
		Unready: func(context.Context) []string { return []string{"this", "that"} },
		Logger:  slog.New(slog.NewTextHandler(&log, nil)),
	}, nil)
	push, large := []byte(`{"ref":"refs/heads/main"}`), bytes.Repeat([]byte("x"), hookLimit+1)
	for _, test := range []struct {
		name, method, path string
		body               io.Reader
		signature          string
		status             int
		answer             string
	}{
		{name: "health", method: "GET", path: "/healthz", status: 200, answer: "ok\n"},
		{name: "health by HEAD", method: "HEAD", path: "/healthz", status: 200},
		{name: "not ready", method: "GET", path: "/readyz", status: 503, answer: "not ready: this\nnot ready: that\n"},
		{name: "metrics", method: "GET", path: "/metrics", status: 200, answer: "metrics"},
		{name: "metrics by POST", method: "POST", path: "/metrics", status: 405},
		{name: "webhook", method: "POST", path: "/webhooks/github", body: bytes.NewReader(push), signature: sign(push), status: 202},
		{name: "no signature", method: "POST", path: "/webhooks/github", body: bytes.NewReader(push), status: 401, answer: "driftless does not take this webhook: its signature is missing, or not by the webhook_secret of this forge block. Set the same secret at both; driftless's log says more.\n"},
		{name: "signature of something else", method: "POST", path: "/webhooks/github", body: bytes.NewReader(push), signature: sign(large), status: 401, answer: "driftless does not take this webhook: its signature is missing, or not by the webhook_secret of this forge block. Set the same secret at both; driftless's log says more.\n"},
		{name: "the most", method: "POST", path: "/webhooks/github", body: bytes.NewReader(large[:hookLimit]), signature: sign(large[:hookLimit]), status: 202},
		{name: "too much", method: "POST", path: "/webhooks/github", body: bytes.NewReader(large), signature: sign(large), status: 413},
		{name: "too much, in chunks", method: "POST", path: "/webhooks/github", body: io.MultiReader(bytes.NewReader(large)), signature: sign(large), status: 413},
		{name: "webhook by GET", method: "GET", path: "/webhooks/github", status: 405},
		{name: "webhook by PUT", method: "PUT", path: "/webhooks/github", body: bytes.NewReader(push), signature: sign(push), status: 405},
		{name: "unknown forge", method: "POST", path: "/webhooks/gitea", body: bytes.NewReader(push), signature: sign(push), status: 404},
		{name: "no forge", method: "POST", path: "/webhooks/", body: bytes.NewReader(push), status: 404},
		{name: "below a forge", method: "POST", path: "/webhooks/github/x", status: 404},
		{name: "the API", method: "GET", path: "/v1/runs", status: 404},
	} {
		req, err := http.NewRequestWithContext(t.Context(), test.method, url+test.path, test.body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Hub-Signature-256", test.signature)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		answer, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != test.status || test.answer != "" && string(answer) != test.answer {
			t.Errorf("%s: %d %q, %v; want %d %q", test.name, res.StatusCode, answer, err, test.status, test.answer)
		}
	}
	counted.mu.Lock()
	defer counted.mu.Unlock()
	want := map[string]int{"github accepted": 2, "github refused": 2, "github too_large": 2}
	if !maps.Equal(counted.count, want) {
		t.Errorf("counted %v, want %v", counted.count, want)
	}
	if n := strings.Count(log.String(), "a webhook was refused"); n != 1 || !strings.Contains(log.String(), "it has no signature") {
		t.Errorf("%d refusals were logged:\n%s", n, log.String())
	}
}

// deliver sends a webhook whose signature could be one, and returns the answer without its body.
func deliver(t *testing.T, url string, body io.Reader) *http.Response {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/webhooks/github", body)
	if err != nil {
		t.Error(err)
		return &http.Response{}
	}
	req.Header.Set("X-Hub-Signature-256", sign(nil))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return &http.Response{}
	}
	_ = res.Body.Close()
	return res
}

// TestPublicBusy fills all places with webhooks that are not understood yet.
func TestPublicBusy(t *testing.T) {
	t.Parallel()
	const places = 16
	begun, end := make(chan bool), make(chan bool)
	hook := func(http.Header, []byte) error {
		begun <- true
		<-end
		return nil
	}
	url := serve(t, server.PublicOptions{Hooks: map[string]server.Hook{"github": hook}}, nil)
	var group sync.WaitGroup
	for range places {
		group.Go(func() {
			if res := deliver(t, url, strings.NewReader("{}")); res.StatusCode != http.StatusAccepted {
				t.Errorf("a slow webhook: %s", res.Status)
			}
		})
	}
	for range places {
		<-begun
	}
	if res := deliver(t, url, strings.NewReader("{}")); res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
		t.Errorf("with all places taken: %s %v", res.Status, res.Header)
	}
	close(end)
	group.Wait()
}

// TestPublicIdle has many send half of a webhook: the others are taken nevertheless.
func TestPublicIdle(t *testing.T) {
	t.Parallel()
	hook := func(http.Header, []byte) error { return nil }
	url := serve(t, server.PublicOptions{Hooks: map[string]server.Hook{"github": hook}}, nil)
	half := func(header string) net.Conn {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if _, err := io.WriteString(conn, "POST /webhooks/github HTTP/1.1\r\nHost: x\r\n"+header+"Expect: 100-continue\r\nContent-Length: 10\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		return conn
	}
	for range 20 {
		conn := half("X-Hub-Signature-256: " + sign(nil) + "\r\n")
		if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") { // it is being read
			t.Fatal(line, err)
		}
	}
	if res := deliver(t, url, strings.NewReader("{}")); res.StatusCode != http.StatusAccepted {
		t.Errorf("besides idle ones: %s", res.Status)
	}
	if answer, err := io.ReadAll(half("")); err != nil || !strings.Contains(string(answer), "401") {
		t.Errorf("without a signature: %q, %v", answer, err)
	}
}

// TestFew opens more connections than there may be.
func TestFew(t *testing.T) {
	t.Parallel()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener := server.Few(inner)
	t.Cleanup(func() { _ = listener.Close() })
	taken := make(chan net.Conn)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			taken <- conn
		}
	}()
	dial := func() net.Conn {
		conn, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	var last net.Conn
	for range 256 {
		dial()
		last = <-taken
		t.Cleanup(func() { _ = last.Close() })
	}
	if n, err := dial().Read(make([]byte, 1)); err == nil {
		t.Errorf("one more was taken: %d", n)
	}
	_, _ = last.Close(), last.Close() // once is enough
	dial()
	again := <-taken
	_ = again.Close()
}

// TestPublicSlow sends half of a webhook, and no more.
func TestPublicSlow(t *testing.T) {
	t.Parallel()
	counted := deliveries{count: map[string]int{}}
	hook := func(http.Header, []byte) error { t.Error("it was called"); return nil }
	url := serve(t, server.PublicOptions{Hooks: map[string]server.Hook{"github": hook}, Delivered: counted.add}, func(srv *http.Server) {
		if srv.ReadHeaderTimeout <= 0 || srv.ReadTimeout <= 0 || srv.WriteTimeout <= 0 || srv.IdleTimeout <= 0 || srv.MaxHeaderBytes <= 0 {
			t.Errorf("a limit is missing: %+v", srv)
		}
		srv.ReadTimeout = 50 * time.Millisecond
	})
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "POST /webhooks/github HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: "+sign(nil)+"\r\nContent-Length: 10\r\n\r\n{"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(conn); err != nil { // until the server gives up
		t.Fatal(err)
	}
	counted.mu.Lock()
	defer counted.mu.Unlock()
	if counted.count["github broken"] != 1 {
		t.Errorf("counted %v", counted.count)
	}
}
