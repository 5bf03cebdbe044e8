package gitrepo

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

var oddBranches = []string{
	"refs/heads/-x", "refs/heads/--upload-pack=touch", "refs/heads/driftless/a'b\"c$(id)", "refs/heads/grün/über",
	"refs/heads/HEAD", "refs/heads/refs/heads/main", "refs/heads/%41&;|", "refs/pull/1/head", "refs/heads/\xff\xfe",
}

func TestRemoteSeesEveryRef(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	id := r.commit("one", "main.tf", "")
	for _, name := range oddBranches {
		r.git("update-ref", name, id)
	}
	r.git("tag", "-m", "annotated", "v1")
	server := r.serve("")
	for _, url := range []string{r.dir, "file://" + r.dir, server.URL + "/work/.git"} {
		m := openMirror(t, Options{URL: url})
		refs := fetchAll(t, m)
		if refs.Head != "main" || refs.Branch("main") != id || refs.Branch("-x") != id {
			t.Errorf("%s: refs are %v", url, refs)
		}
		if refs.All["refs/tags/v1"] != id {
			t.Errorf("%s: an annotated tag is %s, want its commit %s", url, refs.All["refs/tags/v1"], id)
		}
		if len(refs.All) != len(oddBranches)+2 {
			t.Errorf("%s: %d refs: %q", url, len(refs.All), names(refs))
		}
		for _, name := range names(refs) {
			if got := must[string](t)(m.Resolve(t.Context(), name)); got != id {
				t.Errorf("%s: %s is %s after the fetch", url, name, got)
			}
		}
	}
}

func TestRemoteEmptyAndDetached(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	server := r.serve("")
	for _, url := range []string{r.dir, server.URL + "/work/.git"} {
		refs := fetchAll(t, openMirror(t, Options{URL: url}))
		if len(refs.All) != 0 {
			t.Errorf("%s: an empty repository has refs: %v", url, refs)
		}
	}
	id := r.commit("one", "a", "")
	r.git("checkout", "--quiet", "--detach")
	for _, url := range []string{r.dir, server.URL + "/work/.git"} {
		refs := fetchAll(t, openMirror(t, Options{URL: url}))
		if refs.Head != "" || refs.Branch("main") != id {
			t.Errorf("%s: refs of a detached HEAD: %v", url, refs)
		}
	}
	if got := must[string](t)(ResolveRef(t.Context(), server.URL+"/work/.git", "", Auth{})); got != id {
		t.Errorf("HEAD is %s", got)
	}
}

func TestRemoteErrors(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("one", "a", "")
	server := r.serve("s3cret/+%")
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	deadHost := dead.Addr().String()
	_ = dead.Close()
	open := r.serve("")
	down := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "maintenance", http.StatusServiceUnavailable)
	}))
	t.Cleanup(down.Close)

	cases := []struct {
		name, url, kind, says string
		auth                  func(context.Context) (Auth, error)
	}{
		{"no credentials", server.URL + "/work/.git", KindAuth, "credentials block of repository", nil},
		{"wrong credentials", server.URL + "/work/.git", KindAuth, "credentials block of repository", as("ada", "wr0ng-pw")},
		{"wrong credentials in the url", strings.Replace(server.URL, "://", "://ada:wr0ng-pw@", 1) + "/work/.git", KindAuth, "credentials", nil},
		{"unreadable credentials", server.URL + "/work/.git", KindAuth, "no such variable",
			func(context.Context) (Auth, error) { return Auth{}, errors.New("no such variable") }},
		{"not found", open.URL + "/nothing.git", KindNotFound, "url", nil},
		{"no such path", filepath.Join(t.TempDir(), "nothing"), KindNotFound, "url", nil},
		{"not a repository", t.TempDir(), KindNotFound, "url", nil},
		{"unreachable", "http://" + deadHost + "/x.git", KindUnreachable, deadHost, nil},
		{"unknown host", "https://host.invalid/x.git", KindUnreachable, "host.invalid", nil},
		{"ssh unreachable", "ssh://git@" + deadHost + "/x.git", KindUnreachable, deadHost, nil},
		{"server in trouble", down.URL + "/x.git", KindUnreachable, "503", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := openMirror(t, Options{URL: c.url, Auth: c.auth})
			_, listed := m.Remote(t.Context())
			fetched := m.Fetch(t.Context(), Refs{All: map[string]string{"refs/heads/main": strings.Repeat("1", 40)}}, []string{"refs/heads/main"})
			for _, err := range []error{listed, fetched} {
				var failed *RemoteError
				if !errors.As(err, &failed) {
					t.Fatalf("got %v, want a RemoteError", err)
				}
				if failed.Kind != c.kind || !strings.Contains(failed.Error(), c.says) {
					t.Errorf("kind %q: %v", failed.Kind, failed)
				}
				if strings.Contains(failed.Error(), "wr0ng-pw") {
					t.Errorf("the text holds the password: %v", failed)
				}
			}
		})
	}
}

func TestCredentialsReachTheirServerOnly(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	id := r.commit("one", "a", "")
	const password = "p $'\"\\%s`id`"
	server := r.serve(password)
	m := openMirror(t, Options{URL: server.URL + "/work/.git", Auth: as("ada", password+"\n")})
	fetchAll(t, m)
	if !m.Has(id) {
		t.Error("the commit did not come")
	}
	if found := grep(t, m.gitDir, "id`"); found != "" {
		t.Errorf("the password is in %s", found)
	}

	var leaked atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if _, _, ok := req.BasicAuth(); ok {
			leaked.Store(true)
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(other.Close)
	redirect := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		http.Redirect(w, req, other.URL+req.URL.String(), http.StatusFound)
	}))
	t.Cleanup(redirect.Close)
	m = openMirror(t, Options{URL: redirect.URL + "/work/.git", Auth: as("ada", password)})
	if _, err := m.Remote(t.Context()); err == nil {
		t.Error("ls-remote through the redirect passed")
	}
	if err := m.Fetch(t.Context(), Refs{All: map[string]string{"refs/heads/main": id}}, []string{"refs/heads/main"}); err == nil {
		t.Error("fetch through the redirect passed")
	}
	if leaked.Load() {
		t.Error("a redirect to another server was given the credentials")
	}
}

// grep returns a file under dir that holds text, or "".
func grep(t *testing.T, dir, text string) (found string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if strings.Contains(string(content), text) {
			found = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestResolveRef(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	first := r.commit("one", "a", "1")
	r.git("tag", "-m", "annotated", "v1")
	r.git("branch", "v1-branch")
	second := r.commit("two", "a", "2")
	r.git("branch", "v1") // also a tag
	url := r.serve("").URL + "/work/.git"
	for ref, want := range map[string]string{
		"": second, "HEAD": second, "main": second, "v1": first, "refs/heads/v1": second, "tags/v1": first, "v1-branch": first, first: first,
	} {
		if got := must[string](t)(ResolveRef(t.Context(), url, ref, Auth{})); got != want {
			t.Errorf("%q: got %s, want %s", ref, got, want)
		}
	}
	for _, bad := range []string{"nope", "-x", "main*"} {
		if _, err := ResolveRef(t.Context(), url, bad, Auth{}); err == nil {
			t.Errorf("%q was found", bad)
		}
	}
	if _, err := ResolveRef(t.Context(), "ext::sh -c id", "main", Auth{}); err == nil {
		t.Error("an ext:: URL was asked")
	}
}

func TestSHA256IsAClearError(t *testing.T) {
	t.Parallel()
	r := newRepo(t, "--object-format=sha256")
	r.commit("one", "a", "1")
	server := r.serve("")
	for _, url := range []string{r.dir, server.URL + "/work/.git"} {
		_, err := openMirror(t, Options{URL: url}).Remote(t.Context())
		if !errors.Is(err, errSHA256) {
			t.Errorf("%s: %v", url, err)
		}
	}
	if _, _, err := OpenLocal(t.Context(), r.dir); !errors.Is(err, errSHA256) {
		t.Errorf("local: %v", err)
	}
}

func TestRemoteCanceled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	asked := make(chan struct{}, 10)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		asked <- struct{}{}
		<-req.Context().Done()
	}))
	t.Cleanup(server.CloseClientConnections)
	m := openMirror(t, Options{URL: server.URL + "/x.git"})
	go func() { <-asked; cancel() }()
	if _, err := m.Remote(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
