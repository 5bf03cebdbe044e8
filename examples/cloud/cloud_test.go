package cloud_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/driftlessops/driftless/examples/cloud"
)

type attrs = map[string]any

func start(t *testing.T, o cloud.Options) *cloud.Server {
	t.Helper()
	if o.Path == "" {
		o.Path = filepath.Join(t.TempDir(), "cloud.json")
	}
	s, err := cloud.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

type reply struct {
	status     int
	retryAfter string
	cloud.Object
	Objects []cloud.Object `json:"objects"`
	Error   struct{ Code, Message string }
}

func call(t *testing.T, s *cloud.Server, method, path string, body any) reply {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, strings.NewReader(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Run", "run-7")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	out := reply{status: resp.StatusCode, retryAfter: resp.Header.Get("Retry-After")}
	data, err = io.ReadAll(resp.Body)
	if err == nil && len(data) > 0 && data[0] == '{' {
		err = json.Unmarshal(data, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func network(t *testing.T, s *cloud.Server, name string) cloud.Object {
	t.Helper()
	r := call(t, s, "POST", "/v1/network", attrs{"name": name, "cidr": "10.1.0.0/16", "tags": attrs{}})
	if r.status != http.StatusCreated {
		t.Fatalf("create network: %+v", r)
	}
	return r.Object
}

func TestCreateIsNeverIdempotent(t *testing.T) {
	t.Parallel()
	s := start(t, cloud.Options{})
	a, b := network(t, s, "main"), network(t, s, "main")
	if a.ID == b.ID {
		t.Fatalf("both creates made %s", a.ID)
	}
	if got := call(t, s, "GET", "/v1/network?name=main", nil).Objects; len(got) != 2 {
		t.Fatalf("found %d networks, want 2", len(got))
	}
	if _, err := s.Edit("network", "main", attrs{"tags": nil}); err == nil || !strings.Contains(err.Error(), a.ID) {
		t.Fatalf("an ambiguous name must be refused with the ids, got %v", err)
	}
}

func TestWhatIsEmptyComesBackAsNull(t *testing.T) {
	t.Parallel()
	s := start(t, cloud.Options{})
	n := network(t, s, "main")
	if _, there := n.Attributes["tags"]; there {
		t.Errorf("tags {} must come back as null, got %v", n.Attributes)
	}
	r := call(t, s, "POST", "/v1/bucket", attrs{"name": "logs", "lifecycle_days": 0})
	if _, there := r.Attributes["lifecycle_days"]; there || r.Attributes["public"] != false {
		t.Errorf("want no lifecycle_days and public = false, got %v", r.Attributes)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s := start(t, cloud.Options{})
	n := network(t, s, "main")
	for name, c := range map[string]struct {
		method, path string
		body         any
		status       int
		says         string
	}{
		"unknown kind":       {"POST", "/v1/queue", attrs{}, 404, "queue"},
		"image is read-only": {"POST", "/v1/image", attrs{}, 404, "image"},
		"unknown attribute":  {"POST", "/v1/network", attrs{"nmae": "x"}, 400, "nmae"},
		"computed":           {"POST", "/v1/network", attrs{"arn": "x"}, 400, "arn"},
		"missing":            {"POST", "/v1/network", attrs{"name": "x"}, 400, "cidr"},
		"host bits":          {"POST", "/v1/network", attrs{"name": "x", "cidr": "10.0.0.1/8"}, 400, "10.0.0.0/8"},
		"wrong type":         {"POST", "/v1/bucket", attrs{"name": "x", "public": "yes"}, 400, "public"},
		"odd tags":           {"POST", "/v1/bucket", attrs{"name": "x", "tags": attrs{"a": 1}}, 400, "tags"},
		"no network":         {"POST", "/v1/server", attrs{"name": "x", "image": "i", "network_id": "net-0"}, 400, "net-0"},
		"force new":          {"PATCH", "/v1/network/" + n.ID, attrs{"cidr": "10.2.0.0/16"}, 400, "cidr"},
		"required removed":   {"PATCH", "/v1/network/" + n.ID, attrs{"name": nil}, 400, "name"},
		"not there":          {"GET", "/v1/network/net-0", nil, 404, "net-0"},
		"other kind":         {"GET", "/v1/server/" + n.ID, nil, 404, n.ID},
		"not an object":      {"POST", "/v1/network", []int{1}, 400, "body"},
		"unknown fault":      {"PUT", "/_faults", attrs{"latencie": "1s"}, 400, "latencie"},
	} {
		t.Run(name, func(t *testing.T) {
			r := call(t, s, c.method, c.path, c.body)
			if r.status != c.status || !strings.Contains(r.Error.Message, c.says) {
				t.Errorf("got %d %+v, want %d with %q", r.status, r.Error, c.status, c.says)
			}
		})
	}
	if got := len(s.Journal()); got != 1 {
		t.Errorf("refusals must change nothing: the journal has %d entries, want 1", got)
	}
}

func TestNetworkWithServersCannotBeDeleted(t *testing.T) {
	t.Parallel()
	s := start(t, cloud.Options{})
	n := network(t, s, "main")
	srv := call(t, s, "POST", "/v1/server", attrs{"name": "web", "image": "i", "network_id": n.ID})
	if ip, _ := srv.Attributes["ip"].(string); !strings.HasPrefix(ip, "10.1.") {
		t.Errorf("ip %q is not in the network", ip)
	}
	if r := call(t, s, "DELETE", "/v1/network/"+n.ID, nil); r.status != http.StatusConflict || !strings.Contains(r.Error.Message, srv.ID) {
		t.Errorf("got %+v, want 409 naming %s", r, srv.ID)
	}
	if err := s.Delete("server", "web"); err != nil {
		t.Fatal(err)
	}
	if r := call(t, s, "DELETE", "/v1/network/"+n.ID, nil); r.status != http.StatusNoContent {
		t.Errorf("delete: %+v", r)
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	s := start(t, cloud.Options{})
	db := call(t, s, "POST", "/v1/database", attrs{"name": "orders", "engine": "postgres", "size_gb": 10, "password": "hunter2-hunter2"})
	if _, there := db.Attributes["password"]; there {
		t.Error("the password was returned")
	}
	edited, err := s.Edit("database", "orders", attrs{"password": "changed-outside"})
	if err != nil {
		t.Fatal(err)
	}
	if edited.Attributes["password_fingerprint"] == db.Attributes["password_fingerprint"] {
		t.Error("the fingerprint must follow the password")
	}
	text, err := json.Marshal(s.Journal())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "hunter2") || !strings.Contains(string(text), "(sensitive)") {
		t.Errorf("journal: %s", text)
	}
}

func TestRestartKeepsEverything(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cloud.json")
	s := start(t, cloud.Options{Path: path})
	n := network(t, s, "main")
	early, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	call(t, s, "PATCH", "/v1/network/"+n.ID, attrs{"tags": attrs{"owner": "core"}})
	if _, err := s.PublishImage("debian", "debian-12.2"); err != nil {
		t.Fatal(err)
	}
	objects, images, journal := s.Objects(), s.Images(), s.Journal()
	_ = s.Close()

	for name, damage := range map[string]func() error{
		"as it was":                   func() error { return nil },
		"killed before the save":      func() error { return os.WriteFile(path, early, 0o600) },
		"state file lost":             func() error { return os.Remove(path) },
		"killed in a line of journal": func() error { return appendTo(path+".journal", `{"seq":9,"op":"del`) },
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		c, err := cloud.New(cloud.Options{Path: path})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(c.Objects(), objects) || !reflect.DeepEqual(c.Images(), images) || !reflect.DeepEqual(c.Journal(), journal) {
			t.Errorf("%s: got %v %v", name, c.Objects(), c.Journal())
		}
	}
	if e := journal[1]; e.Seq != 2 || e.Op != cloud.OpUpdate || e.Run != "run-7" || e.Before["tags"] != nil || e.After["tags"] == nil {
		t.Errorf("journal entry %+v", e)
	}
}

func appendTo(path, text string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(text); err != nil {
		return err
	}
	return f.Close()
}

func TestDamagedStateIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cloud.json")
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := cloud.New(cloud.Options{Path: path}); err == nil || !strings.Contains(err.Error(), "rebuild it from") {
		t.Fatalf("got %v", err)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	s := start(t, cloud.Options{Faults: cloud.Faults{EventualReads: 2}})
	n := network(t, s, "main")
	for i, want := range []int{404, 404, 200} {
		if r := call(t, s, "GET", "/v1/network/"+n.ID, nil); r.status != want {
			t.Errorf("read %d: %d, want %d", i, r.status, want)
		}
	}
	put := func(f cloud.Faults) {
		t.Helper()
		if r := call(t, s, "PUT", "/_faults", f); r.status != http.StatusOK {
			t.Fatalf("put faults: %+v", r)
		}
	}
	create := func() int {
		return call(t, s, "POST", "/v1/bucket", attrs{"name": "b"}).status
	}
	put(cloud.Faults{Rules: []cloud.Rule{{Op: "create", Kind: "bucket", Skip: 1, Status: 500}, {Op: "create", After: true, Status: 500}}})
	if a, b, c := create(), create(), create(); a != 500 || b != 500 || c != 201 {
		t.Errorf("creates answered %d %d %d; want the lost one, the failed one and one that works", a, b, c)
	}
	if got := len(s.Journal()); got != 3 {
		t.Errorf("the journal has %d entries, want the network and two buckets", got)
	}
	put(cloud.Faults{Rules: []cloud.Rule{{Times: 2, Status: 429, RetryAfter: 3}}})
	if r := call(t, s, "GET", "/v1/network/"+n.ID, nil); r.status != 429 || r.retryAfter != "3" {
		t.Errorf("got %d Retry-After %q", r.status, r.retryAfter)
	}
	if left := s.Faults().Rules; len(left) != 1 || left[0].Times != 1 {
		t.Errorf("left: %+v", left)
	}
	put(cloud.Faults{PerSecond: 0.001})
	if a, b := create(), create(); a != 201 || b != 429 {
		t.Errorf("got %d %d, want one to pass", a, b)
	}
}

func TestCallerWhoHangsUpEarlyChangesNothing(t *testing.T) {
	t.Parallel()
	s := start(t, cloud.Options{Faults: cloud.Faults{Rules: []cloud.Rule{{Op: "create", Name: "slow", Delay: cloud.Duration(time.Hour)}}}})
	client := &http.Client{Timeout: 50 * time.Millisecond}
	if _, err := client.Post(s.URL()+"/v1/bucket", "application/json", strings.NewReader(`{"name":"slow"}`)); err == nil {
		t.Fatal("the request was answered")
	}
	if got := s.Objects(); len(got) != 0 {
		t.Errorf("objects: %v", got)
	}
}

// TestCloseInTheMiddle closes a cloud that has made an object and not answered yet.
func TestCloseInTheMiddle(t *testing.T) {
	t.Parallel()
	s := start(t, cloud.Options{Faults: cloud.Faults{Rules: []cloud.Rule{{Op: "create", After: true, Delay: cloud.Duration(time.Hour)}}}})
	failed := make(chan error, 1)
	go func() {
		_, err := http.Post(s.URL()+"/v1/bucket", "application/json", strings.NewReader(`{"name":"lost"}`))
		failed <- err
	}()
	e, err := s.Await(t.Context(), func(e cloud.Entry) bool { return e.Name == "lost" })
	if err != nil || e.Op != cloud.OpCreate {
		t.Fatalf("%+v, %v", e, err)
	}
	_ = s.Close()
	if err := <-failed; err == nil {
		t.Error("the request was answered")
	}
	if got := s.Objects(); len(got) != 1 {
		t.Errorf("objects: %v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Await(ctx, func(cloud.Entry) bool { return false }); !errors.Is(err, context.Canceled) {
		t.Errorf("await: %v", err)
	}
}

func TestToken(t *testing.T) {
	t.Parallel()
	s := start(t, cloud.Options{Token: "secret"})
	if r := call(t, s, "GET", "/_objects", nil); r.status != http.StatusUnauthorized {
		t.Errorf("got %d", r.status)
	}
}

func TestOutOfBand(t *testing.T) {
	t.Parallel()
	s := start(t, cloud.Options{})
	n := network(t, s, "main")
	if r := call(t, s, "PATCH", "/_edit/network/main", attrs{"cidr": "10.9.0.0/16"}); r.status != 200 || r.Attributes["cidr"] != "10.9.0.0/16" {
		t.Errorf("edit: %+v", r)
	}
	if r := call(t, s, "DELETE", "/_edit/network/"+n.ID, nil); r.status != 204 {
		t.Errorf("delete: %+v", r)
	}
	var ops []string
	for _, e := range s.Journal() {
		ops = append(ops, e.Op)
	}
	if !reflect.DeepEqual(ops, []string{"create", "edit", "delete"}) {
		t.Errorf("journal: %v", ops)
	}
	call(t, s, "POST", "/_images", attrs{"family": "debian", "name": "debian-12.9"})
	if r := call(t, s, "GET", "/v1/image?family=debian", nil); r.status != 200 || len(s.Images()) != 3 {
		t.Errorf("image: %+v of %v", r, s.Images())
	}
}
