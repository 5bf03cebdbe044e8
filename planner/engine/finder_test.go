package engine

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/gopenpgp/v2/crypto"
	"github.com/hashicorp/go-version"
	"github.com/opentofu/tofudl"
)

// says is an engine that only knows its version.
func says(v string) []byte {
	return []byte("#!/bin/sh\necho 'Warning: {odd} text' >&2\necho '{\"terraform_version\":\"" + v + "\"}'\n")
}

// releaseServer is laid out like releases.hashicorp.com.
type releaseServer struct {
	*httptest.Server
	key       string // armored public key
	files     map[string][]byte
	downloads atomic.Int32
}

func newReleaseServer(t *testing.T, versions ...string) *releaseServer {
	t.Helper()
	entity, err := openpgp.NewEntity("test", "", "test@example.org", nil)
	if err != nil {
		t.Fatal(err)
	}
	var key bytes.Buffer
	w, err := armor.Encode(&key, openpgp.PublicKeyType, nil)
	if err == nil {
		err = entity.Serialize(w)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	s := &releaseServer{key: key.String(), files: map[string][]byte{}}
	index := map[string]any{}
	for _, v := range versions {
		release := s.add(t, entity, v)
		index[v] = release
		s.file(t, "/terraform/"+v+"/index.json", release)
	}
	s.file(t, "/terraform/index.json", map[string]any{"name": "terraform", "versions": index})
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *releaseServer) file(t *testing.T, path string, v any) {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	s.files[path] = text
}

func (s *releaseServer) add(t *testing.T, entity *openpgp.Entity, v string) map[string]any {
	t.Helper()
	var archive, sig bytes.Buffer
	z := zip.NewWriter(&archive)
	w, err := z.Create("terraform")
	if err == nil {
		_, err = w.Write(says(v))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("terraform_%s_%s_%s.zip", v, runtime.GOOS, runtime.GOARCH)
	sums := fmt.Sprintf("%x  %s\n", sha256.Sum256(archive.Bytes()), name)
	if err := openpgp.DetachSign(&sig, entity, strings.NewReader(sums), nil); err != nil {
		t.Fatal(err)
	}
	base := "/terraform/" + v + "/"
	s.files[base+name], s.files[base+"terraform_"+v+"_SHA256SUMS"], s.files[base+"terraform_"+v+"_SHA256SUMS.sig"] = archive.Bytes(), []byte(sums), sig.Bytes()
	return map[string]any{
		"name": "terraform", "version": v, "shasums": "terraform_" + v + "_SHA256SUMS", "shasums_signature": "terraform_" + v + "_SHA256SUMS.sig",
		"builds": []any{map[string]any{"name": "terraform", "version": v, "os": runtime.GOOS, "arch": runtime.GOARCH, "filename": name, "url": "https://releases.example" + base + name}},
	}
}

func (s *releaseServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	content, ok := s.files[r.URL.Path]
	switch {
	case !ok:
		http.NotFound(w, r)
		return
	case strings.HasSuffix(r.URL.Path, ".json"):
		w.Header().Set("Content-Type", "application/json")
	case strings.HasSuffix(r.URL.Path, ".zip"):
		w.Header().Set("Content-Type", "application/zip")
		s.downloads.Add(1)
	}
	_, _ = w.Write(content)
}

// finder knows one local binary; it does not look at PATH, where a real engine may be.
func (s *releaseServer) finder(t *testing.T, path string) *Finder {
	t.Helper()
	f, err := NewFinder(FinderOptions{DataDir: t.TempDir(), Releases: map[Kind]string{Terraform: s.URL + "/"}, Paths: map[Kind]string{Terraform: path}})
	if err != nil {
		t.Fatal(err)
	}
	f.keys = map[Kind]string{Terraform: s.key}
	f.look = configuredOnly
	return f
}

func configuredOnly(name string) (string, error) {
	if !filepath.IsAbs(name) {
		return "", exec.ErrNotFound
	}
	return exec.LookPath(name)
}

func binary(t *testing.T, name, v string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, says(v), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFindInstallsTheNewestThatFits(t *testing.T) {
	t.Parallel()
	s := newReleaseServer(t, "1.2.3", "1.3.0", "1.3.1", "1.4.0-beta1", "2.0.0")
	local := binary(t, "terraform", "1.1.0")
	for _, c := range []struct {
		constraints []string
		want        string
	}{
		{[]string{"= 1.1.0"}, "1.1.0"},
		{[]string{"latest"}, "1.1.0"},
		{[]string{"~> 1.1", "latest:^1\\.1\\."}, "1.1.0"},
		{[]string{">= 1.2, < 2.0"}, "1.3.1"},
		{[]string{"~> 1.2.0"}, "1.2.3"},
		{[]string{"1.3.0", ">= 1.0"}, "1.3.0"},
		{[]string{"v1.3.0\n", ""}, "1.3.0"},
		{[]string{"1.4.0-beta1"}, "1.4.0-beta1"},
		{[]string{"latest:^1\\.3"}, "1.3.1"},
		{[]string{"!= 1.1.0, < 2"}, "1.3.1"},
	} {
		e, err := s.finder(t, local).Find(t.Context(), Terraform, c.constraints)
		if err != nil || e.Version != c.want {
			t.Errorf("%q: got %v, %v; want %s", c.constraints, e, err, c.want)
			continue
		}
		if installed := !strings.HasPrefix(e.Path, filepath.Dir(local)); installed && c.want == "1.1.0" {
			t.Errorf("%q: %s", c.constraints, e.Path)
		}
	}
}

func TestFindInstallsOnce(t *testing.T) {
	t.Parallel()
	s := newReleaseServer(t, "1.2.3")
	f := s.finder(t, binary(t, "terraform", "0.1.0"))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if e, err := f.Find(t.Context(), Terraform, []string{"1.2.3"}); err != nil || e.Version != "1.2.3" {
				t.Error(e, err)
			}
		})
	}
	wg.Wait()
	if n := s.downloads.Load(); n != 1 {
		t.Errorf("%d downloads", n)
	}
	s.Close()
	other, err := NewFinder(f.opts)
	if err != nil {
		t.Fatal(err)
	}
	other.look = configuredOnly
	if e, err := other.Find(t.Context(), Terraform, []string{"~> 1.2"}); err != nil || e.Version != "1.2.3" {
		t.Errorf("after a restart: %v, %v", e, err)
	}
}

func TestFindRefusesWhatCannotBeVerified(t *testing.T) {
	t.Parallel()
	zipName := fmt.Sprintf("/terraform/1.2.3/terraform_1.2.3_%s_%s.zip", runtime.GOOS, runtime.GOARCH)
	for want, spoil := range map[string]func(*releaseServer){
		"checksum does not match":           func(s *releaseServer) { s.files[zipName] = append(s.files[zipName], 'x') },
		"unable to verify checksums signat": func(s *releaseServer) { s.files["/terraform/1.2.3/terraform_1.2.3_SHA256SUMS"] = []byte("00  x\n") },
		"signature made by unknown entity":  func(s *releaseServer) { s.key = newReleaseServer(t).key },
	} {
		s := newReleaseServer(t, "1.2.3")
		spoil(s)
		f := s.finder(t, binary(t, "terraform", "0.1.0"))
		if e, err := f.Find(t.Context(), Terraform, []string{"1.2.3"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v, %v", want, e, err)
		}
		left, err := filepath.Glob(f.shelf(Terraform).dir + "/*/*")
		if err != nil || len(left) > 0 {
			t.Errorf("%s: left %v, %v", want, left, err)
		}
	}
}

func TestFindSaysWhatToDo(t *testing.T) {
	t.Parallel()
	s := newReleaseServer(t, "1.2.3")
	local := binary(t, "terraform", "1.1.0")
	f := s.finder(t, local)
	_, err := f.Find(t.Context(), Terraform, []string{"~> 7.0"})
	for _, want := range []string{"engine: terraform ~> 7.0 is not on PATH (found 1.1.0 at " + local, "cannot be downloaded from " + s.URL + ": none of its 1 releases fits; install it, or name a binary: engine \"terraform\" { path = \"/path/to/terraform\" }"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in %v", want, err)
		}
	}
	s.Close()
	if _, err = f.Find(t.Context(), Terraform, []string{"7.0.1"}); err == nil || !strings.Contains(err.Error(), "connection refused; install it") {
		t.Error(err)
	}
	if _, err = f.Find(t.Context(), Terraform, []string{"newest!"}); err == nil || !strings.Contains(err.Error(), `"newest!" is not a version constraint`) {
		t.Error(err)
	}
	if _, err = f.Find(t.Context(), "pulumi", nil); err == nil || !strings.Contains(err.Error(), `"pulumi" is not an engine`) {
		t.Error(err)
	}
	f.opts.Paths[Terraform] = filepath.Join(t.TempDir(), "none")
	if _, err = f.Find(t.Context(), Terraform, []string{"7.0.1"}); err == nil || !strings.Contains(err.Error(), "none\": stat ") {
		t.Error(err)
	}
}

func TestFindInstallsOpenTofu(t *testing.T) {
	t.Parallel()
	key, err := crypto.GenerateKey("test", "test@example.org", "x25519", 0)
	if err != nil {
		t.Fatal(err)
	}
	public, err := key.GetArmoredPublicKey()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	storage, err := tofudl.NewFilesystemStorage(dir)
	if err != nil {
		t.Fatal(err)
	}
	mirror, err := tofudl.NewMirror(tofudl.MirrorConfig{GPGKey: public}, storage, nil)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, map[string]string{"api.json": "{}"})
	for _, v := range []tofudl.Version{"1.8.0", "1.9.0", "1.10.0-beta1"} {
		builder, err := tofudl.NewReleaseBuilder(key)
		if err == nil {
			err = builder.PackageBinary(tofudl.PlatformAuto, tofudl.ArchitectureAuto, says(string(v)), nil)
		}
		if err == nil {
			err = builder.Build(t.Context(), v, mirror)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(mirror)
	t.Cleanup(server.Close)
	find := func(key string, constraints ...string) (Engine, error) {
		f, err := NewFinder(FinderOptions{DataDir: t.TempDir(), Releases: map[Kind]string{OpenTofu: server.URL}, Paths: map[Kind]string{OpenTofu: binary(t, "tofu", "0.1.0")}})
		if err != nil {
			t.Fatal(err)
		}
		f.keys, f.look = map[Kind]string{OpenTofu: key}, configuredOnly
		return f.Find(t.Context(), OpenTofu, constraints)
	}
	for constraint, want := range map[string]string{"~> 1.7, < 1.10": "1.9.0", "1.8.0": "1.8.0", "1.10.0-beta1": "1.10.0-beta1"} {
		if e, err := find(public, constraint); err != nil || e.Version != want {
			t.Errorf("%s: %v, %v", constraint, e, err)
		}
	}
	if e, err := find("", "1.8.0"); err == nil || !strings.Contains(err.Error(), "tofu 1.8.0 is not on PATH") {
		t.Errorf("signed by a key that is not the vendor's: %v, %v", e, err)
	}
}

// What a pull request made driftless install is the engine of nobody else.
func TestUntrustedInstallChangesNoOtherEngine(t *testing.T) {
	t.Parallel()
	s := newReleaseServer(t, "1.5.7", "1.9.8")
	f := s.finder(t, binary(t, "terraform", "0.1.0"))
	if e, ok := f.Known(Terraform, []string{">= 1.5"}); ok {
		t.Errorf("knows %v before anything was installed", e)
	}
	find := func(what string, find func(context.Context, Kind, []string) (Engine, error), constraint, want string, downloads int32) {
		t.Helper()
		before := s.downloads.Load()
		if e, err := find(t.Context(), Terraform, []string{constraint}); err != nil || e.Version != want || s.downloads.Load()-before != downloads {
			t.Errorf("%s: %v, %v after %d downloads; want %s after %d", what, e, err, s.downloads.Load()-before, want, downloads)
		}
	}
	known := func(_ context.Context, kind Kind, constraints []string) (Engine, error) {
		e, ok := f.Known(kind, constraints)
		if !ok {
			return e, errors.New("not known")
		}
		return e, nil
	}
	find("tracked", f.Find, "1.5.7", "1.5.7", 1)
	find("pull request", f.FindUntrusted, "1.9.8", "1.9.8", 1)
	find("pull request again", f.FindUntrusted, "1.9.8", "1.9.8", 0)
	find("tracked with an open constraint", f.Find, ">= 1.5", "1.5.7", 0)
	find("known with an open constraint", known, ">= 1.5", "1.5.7", 0)
	find("pull request with an open constraint", f.FindUntrusted, ">= 1.5", "1.5.7", 0)
	if e, ok := f.Known(Terraform, []string{"1.9.8"}); ok {
		t.Errorf("knows %v, which only a pull request asked for", e)
	}
	find("tracked, after the merge", f.Find, "1.9.8", "1.9.8", 1)
	find("known, after the merge", known, "1.9.8", "1.9.8", 0)
	if _, ok := f.Known("pulumi", nil); ok {
		t.Error("knows pulumi")
	}
	if e, ok := f.Known(Terraform, []string{"0.1.0"}); !ok || e.Version != "0.1.0" {
		t.Errorf("does not know the configured one: %v", e)
	}
}

func FuzzRequirement(f *testing.F) {
	for _, seed := range []string{"1.9.8", "~> 1.9, != 1.9.3", "latest:^1.9", ">= 1.0-beta", "v1", "=1.2.3-rc1,latest"} {
		f.Add(seed, "1.9.8")
	}
	f.Fuzz(func(t *testing.T, constraint, have string) {
		v, err := version.NewVersion(have)
		if err != nil {
			return
		}
		if r, err := parseRequirement([]string{constraint}); err == nil && r.allows(v) && v.Prerelease() != "" && !r.names(v) {
			t.Errorf("%q allows the pre-release %q", constraint, have)
		}
	})
}

func TestFindOnPath(t *testing.T) {
	eachEngine(t, func(t *testing.T, e Engine) {
		f, err := NewFinder(FinderOptions{DataDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		for _, constraints := range [][]string{nil, {e.Version}, {">= 0.1", "latest"}} {
			if got, err := f.Find(t.Context(), e.Kind, constraints); err != nil || got != e {
				t.Errorf("%q: %v, %v", constraints, got, err)
			}
		}
	})
}
