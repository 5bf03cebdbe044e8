package daemon

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/runner/server"
	"github.com/driftlessops/driftless/workspaces"
)

func listening(t *testing.T, address string) *Daemon {
	t.Helper()
	opts := options(t.TempDir())
	opts.Config = &workspaces.Config{HTTP: &workspaces.HTTP{Listen: address}}
	d, err := New(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Stop(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func TestListen(t *testing.T) {
	t.Parallel()
	d := listening(t, "127.0.0.1:0")
	d.hooks = map[string]server.Hook{"github": func(http.Header, []byte) error { return errors.New("never") }}
	address, stop, err := d.listen()
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + address.String()
	res, err := http.Post(url+"/webhooks/github", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusUnauthorized {
		t.Errorf("webhook: %s", res.Status)
	}
	if res, err = http.Get(url + "/metrics"); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if want := `driftless_webhooks_total{forge="github",outcome="refused"} 1`; err != nil || !strings.Contains(string(text), want) {
		t.Errorf("%q is missing: %v\n%s", want, err, text)
	}
	stop()
	if conn, err := net.Dial("tcp", address.String()); err == nil {
		_ = conn.Close()
		t.Error("it listens after it stopped")
	}
}

// TestStopWaitsForRequests stops while a webhook is being taken.
func TestStopWaitsForRequests(t *testing.T) {
	t.Parallel()
	d := listening(t, "127.0.0.1:0")
	begun, end := make(chan bool), make(chan bool)
	d.hooks = map[string]server.Hook{"github": func(http.Header, []byte) error {
		close(begun)
		<-end
		return nil
	}}
	address, stop, err := d.listen()
	if err != nil {
		t.Fatal(err)
	}
	status := make(chan string, 1)
	go func() {
		req, err := http.NewRequest(http.MethodPost, "http://"+address.String()+"/webhooks/github", strings.NewReader("{}"))
		if err != nil {
			status <- err.Error()
			return
		}
		req.Header.Set("X-Gitea-Signature", strings.Repeat("0", 64))
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			status <- err.Error()
			return
		}
		_ = res.Body.Close()
		status <- res.Status
	}()
	<-begun
	stopped := make(chan bool)
	go func() {
		stop()
		close(stopped)
	}()
	for { // until nothing new is taken
		conn, err := net.Dial("tcp", address.String())
		if err != nil {
			break
		}
		_ = conn.Close()
	}
	close(end)
	if got := <-status; got != "202 Accepted" {
		t.Errorf("the webhook: %s", got)
	}
	<-stopped
}

func TestNothingListensWithoutTheBlock(t *testing.T) {
	t.Parallel()
	d, err := New(t.Context(), options(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	address, stop, err := d.listen()
	if err != nil || address != nil {
		t.Errorf("%v, %v", address, err)
	}
	stop()
	if err := d.Stop(); err != nil {
		t.Error(err)
	}
}

func TestListenSaysWhatToDo(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	for address, want := range map[string]string{
		taken.Addr().String(): "stop what listens there, or choose another port",
		"192.0.2.1:8080":      "choose an address of this machine",
		"127.0.0.1":           `such as "127.0.0.1:8080"`,
	} {
		d := listening(t, address)
		err := d.Serve(t.Context()) // never begins
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), address) {
			t.Errorf("%s: %v", address, err)
		}
	}
}
