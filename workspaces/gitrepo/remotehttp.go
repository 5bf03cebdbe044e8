package gitrepo

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
)

// httpRemote is go-git's client; it honours HTTPS_PROXY, SSL_CERT_FILE and GIT_SSL_CAINFO as git(1) does.
var httpRemote = sync.OnceValue(func() transport.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = 2 * time.Minute
	if pem, err := os.ReadFile(os.Getenv("GIT_SSL_CAINFO")); err == nil {
		roots, err := x509.SystemCertPool()
		if err != nil {
			roots = x509.NewCertPool()
		}
		roots.AppendCertsFromPEM(pem)
		t.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	return githttp.NewClient(&http.Client{Transport: bounded{t}})
})

// maxListing is more than a million refs, in bytes.
const maxListing = 256 << 20

// bounded ends answers that do not end by themselves.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(req)
	if err == nil {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(resp.Body, maxListing), resp.Body}
	}
	return resp, err
}

// listHTTP asks with go-git: no process, and connections are kept.
func (l location) listHTTP(ctx context.Context, auth Auth) (advertised, error) {
	endpoint, err := transport.NewEndpoint(l.addr)
	if err != nil {
		return advertised{}, err
	}
	var method transport.AuthMethod
	if username, password := l.credentials(auth); username != "" {
		method = &githttp.BasicAuth{Username: username, Password: password}
	}
	session, err := httpRemote().NewUploadPackSession(endpoint, method)
	if err != nil {
		return advertised{}, err
	}
	defer func() { _ = session.Close() }()
	adv, err := session.AdvertisedReferencesContext(ctx)
	if errors.Is(err, transport.ErrEmptyRemoteRepository) {
		return advertised{Refs: Refs{All: map[string]string{}}}, nil
	}
	if err != nil {
		return advertised{}, err
	}
	a := advertised{Refs: Refs{All: make(map[string]string, len(adv.References))}}
	for name, id := range adv.References {
		a.add(name, id.String())
	}
	for name, id := range adv.Peeled {
		a.add(name, id.String())
	}
	if adv.Head != nil {
		a.head = adv.Head.String()
	}
	for _, symref := range adv.Capabilities.Get(capability.SymRef) {
		if target, ok := strings.CutPrefix(symref, "HEAD:"); ok {
			a.setHead(target)
		}
	}
	return a, nil
}
