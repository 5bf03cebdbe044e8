package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"
	"github.com/opentofu/tofudl"
	"github.com/opentofu/tofudl/branding"
)

const (
	terraformReleases = "https://releases.hashicorp.com"
	listTimeout       = time.Minute
	downloadTimeout   = 15 * time.Minute
)

// releaseClient fails soon when a release server cannot be reached; hc-install's own client tries for minutes.
var releaseClient = &http.Client{Transport: &http.Transport{
	Proxy:                 http.ProxyFromEnvironment,
	DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
	TLSHandshakeTimeout:   10 * time.Second,
	ResponseHeaderTimeout: 30 * time.Second,
	ForceAttemptHTTP2:     true,
}}

// releases is where engines of a kind are downloaded from.
func (f *Finder) releases(kind Kind) string {
	if base := strings.TrimRight(f.opts.Releases[kind], "/"); base != "" {
		return base
	}
	if kind == OpenTofu {
		return strings.TrimSuffix(branding.DefaultDownloadAPIURL, "/api.json")
	}
	return terraformReleases
}

// install downloads the newest release that fits.
func (f *Finder) install(ctx context.Context, s shelf, want requirement) (Engine, error) {
	v, err := f.newest(ctx, s.kind, want)
	if err != nil {
		return Engine{}, err
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return Engine{}, err
	}
	unlock, err := lockFile(ctx, filepath.Join(s.dir, v.String()+".lock"))
	if err != nil {
		return Engine{}, err
	}
	defer unlock()
	e := s.engine(v)
	if f.runs(ctx, e.Path, v) {
		return e, nil // another one was faster
	}
	f.opts.Logger.Info("installing engine", "engine", e.String(), "from", f.releases(s.kind))
	return e, f.download(ctx, e, v)
}

// download puts the verified binary into place in one step.
func (f *Finder) download(ctx context.Context, e Engine, v *version.Version) error {
	target := filepath.Dir(e.Path)
	dir, err := os.MkdirTemp(filepath.Dir(target), ".download-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx, cancel := context.WithTimeout(ctx, downloadTimeout)
	defer cancel()
	fetch := f.fetchTerraform
	if e.Kind == OpenTofu {
		fetch = f.fetchTofu
	}
	if err := fetch(ctx, v, dir); err != nil {
		return err
	}
	binary := filepath.Join(dir, string(e.Kind))
	if err := errors.Join(os.Chmod(dir, 0o755), os.Chmod(binary, 0o755)); err != nil {
		return err
	}
	got, err := probe(ctx, binary)
	if err != nil {
		return fmt.Errorf("the downloaded binary does not run: %w", err)
	}
	if !got.Equal(v) {
		return fmt.Errorf("the downloaded binary says that it is %s", got)
	}
	return errors.Join(os.RemoveAll(target), os.Rename(dir, target))
}

// newest is the newest release that fits. A version that is named exactly needs no list.
func (f *Finder) newest(ctx context.Context, kind Kind, want requirement) (*version.Version, error) {
	for _, v := range want.exact {
		if want.allows(v) {
			return v, nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	list := f.listTerraform
	if kind == OpenTofu {
		list = f.listTofu
	}
	all, err := list(ctx)
	if err != nil {
		return nil, err
	}
	var fit version.Collection
	for _, v := range all {
		if want.allows(v) {
			fit = append(fit, v)
		}
	}
	if len(fit) == 0 {
		return nil, fmt.Errorf("none of its %d releases fits", len(all))
	}
	sort.Sort(fit)
	return fit[len(fit)-1], nil
}

func (f *Finder) listTerraform(ctx context.Context) ([]*version.Version, error) {
	sources, err := (&releases.Versions{
		Product: product.Terraform, ListTimeout: listTimeout, ApiBaseURL: f.releases(Terraform), HTTPClient: releaseClient,
	}).List(ctx)
	if err != nil {
		return nil, err
	}
	var all []*version.Version
	for _, s := range sources {
		if exact, ok := s.(*releases.ExactVersion); ok {
			all = append(all, exact.Version)
		}
	}
	return all, nil
}

func (f *Finder) fetchTerraform(ctx context.Context, v *version.Version, dir string) error {
	source := &releases.ExactVersion{
		Product: product.Terraform, Version: v, InstallDir: dir, Timeout: downloadTimeout,
		ApiBaseURL: f.releases(Terraform), ArmoredPublicKey: f.keys[Terraform], HTTPClient: releaseClient,
	}
	var said bytes.Buffer
	source.SetLogger(log.New(&said, "", 0))
	_, err := source.Install(ctx)
	// hc-install loses the error of an archive that it refuses, and then misses the binary in it; its log knows why.
	if errors.Is(err, fs.ErrNotExist) {
		for line := range strings.Lines(said.String()) {
			if strings.HasPrefix(line, "checksum does not match") {
				return errors.New(strings.TrimSpace(line))
			}
		}
		return errors.New("the download broke off or holds no terraform")
	}
	return err
}

// tofu is the downloader of OpenTofu. A release server of one's own is laid out like tofudl's mirror:
// BASE/api.json and BASE/vVERSION/ARTIFACT.
func (f *Finder) tofu() (tofudl.Downloader, error) {
	opts := []tofudl.ConfigOpt{tofudl.ConfigHTTPClient(releaseClient)}
	if key := f.keys[OpenTofu]; key != "" {
		opts = append(opts, tofudl.ConfigGPGKey(key))
	}
	if f.opts.Releases[OpenTofu] != "" {
		base := f.releases(OpenTofu)
		opts = append(opts, tofudl.ConfigAPIURL(base+"/api.json"),
			tofudl.ConfigDownloadMirrorURLTemplate(base+"/v{{ .Version }}/{{ .Artifact }}"))
	}
	return tofudl.New(opts...)
}

func (f *Finder) tofuReleases(ctx context.Context) (list []tofudl.VersionWithArtifacts, err error) {
	dl, err := f.tofu()
	if err != nil {
		return nil, err
	}
	defer func() { // tofudl panics when a server lists what is not a version
		if p := recover(); p != nil {
			err = fmt.Errorf("list releases: %v", p)
		}
	}()
	return dl.ListVersions(ctx)
}

func (f *Finder) listTofu(ctx context.Context) ([]*version.Version, error) {
	list, err := f.tofuReleases(ctx)
	if err != nil {
		return nil, err
	}
	var all []*version.Version
	for _, release := range list {
		if v, err := version.NewVersion(string(release.ID)); err == nil {
			all = append(all, v)
		}
	}
	return all, nil
}

func (f *Finder) fetchTofu(ctx context.Context, v *version.Version, dir string) error {
	list, err := f.tofuReleases(ctx)
	if err != nil {
		return err
	}
	for _, release := range list {
		if string(release.ID) != v.String() {
			continue
		}
		dl, err := f.tofu()
		if err != nil {
			return err
		}
		binary, err := dl.DownloadVersion(ctx, release, tofudl.PlatformAuto, tofudl.ArchitectureAuto)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, string(OpenTofu)), binary, 0o755)
	}
	return fmt.Errorf("it has no release %s", v)
}
