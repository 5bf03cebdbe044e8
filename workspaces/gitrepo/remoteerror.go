package gitrepo

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
)

// The kinds of a RemoteError.
const (
	KindAuth        = "auth"        // the credentials are missing or wrong, or the host key is not known
	KindNotFound    = "not found"   // there is no such repository, or these credentials may not see it
	KindUnreachable = "unreachable" // the host cannot be reached or is in trouble: trying later may help
	KindOther       = "other"
)

// RemoteError is a remote that could not be asked, with the next step for the user. Its text never contains credentials.
type RemoteError struct {
	URL  string
	Kind string // "auth", "not found", "unreachable", "other"
	Err  error
}

func (e *RemoteError) Error() string {
	switch e.Kind {
	case KindAuth:
		return fmt.Sprintf("ask %s: access denied: %v; check the credentials block of repository %q", e.URL, e.Err, e.URL)
	case KindNotFound:
		return fmt.Sprintf("ask %s: repository not found: %v; check its url, and that its credentials may read it", e.URL, e.Err)
	case KindUnreachable:
		return fmt.Sprintf("ask %s: cannot reach %s: %v; check the host name, the network and HTTPS_PROXY; it is tried again",
			e.URL, hostOf(e.URL), e.Err)
	}
	return fmt.Sprintf("ask %s: %v", e.URL, e.Err)
}

// Unwrap returns the cause.
func (e *RemoteError) Unwrap() error { return e.Err }

// hostOf is the host of a displayed URL, or the URL itself where it has none.
func hostOf(display string) string {
	if l, err := parseLocation(display); err == nil && l.host != "" {
		return l.host
	}
	return display
}

// remoteError makes a RemoteError of what go-git or git(1) said. Secrets are removed from its text.
func (l location) remoteError(ctx context.Context, err error, auth Auth) *RemoteError {
	kind := KindOther
	switch {
	case ctx.Err() != nil:
		err = fmt.Errorf("%w (%v)", ctx.Err(), err)
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			kind = KindUnreachable
		}
	case exitCode(err) >= 0:
		kind = kindOfStderr(err.Error())
	default:
		kind = kindOfError(err)
	}
	return &RemoteError{URL: l.display, Kind: kind, Err: scrub(err, l.secrets(auth)...)}
}

// secrets are what must not be shown. A user name without a password is a token.
func (l location) secrets(auth Auth) []string {
	secrets := []string{auth.Password, l.password}
	if auth.Password == "" {
		secrets = append(secrets, auth.Username)
	}
	if l.password == "" && l.scheme != "ssh" {
		secrets = append(secrets, l.username)
	}
	return secrets
}

// scrubbed is an error whose text was cleaned of secrets; what it wraps is for errors.Is and As alone.
type scrubbed struct {
	text string
	err  error
}

func (e *scrubbed) Error() string { return e.text }
func (e *scrubbed) Unwrap() error { return e.err }

func scrub(err error, secrets ...string) error {
	text := firstLines(err.Error())
	for _, secret := range secrets {
		if secret = strings.TrimSpace(secret); len(secret) < 4 {
			continue // would only garble the text
		}
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret), url.UserPassword("", secret).String()[1:]} {
			text = strings.ReplaceAll(text, form, "***")
		}
	}
	if text == err.Error() {
		return err
	}
	return &scrubbed{text, err}
}

// firstLines keeps an error readable when a server answers with a whole page.
func firstLines(text string) string {
	const limit = 500
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "") + "…"
	}
	return text
}

func kindOfError(err error) string {
	var unexpected *plumbing.UnexpectedError
	if errors.As(err, &unexpected) {
		err = unexpected.Err // it does not unwrap by itself
	}
	var (
		status   *githttp.Err
		network  net.Error
		certs    *tls.CertificateVerificationError
		unknown  x509.UnknownAuthorityError
		notHTTPS tls.RecordHeaderError
	)
	switch {
	case errors.Is(err, transport.ErrAuthenticationRequired), errors.Is(err, transport.ErrAuthorizationFailed):
		return KindAuth
	case errors.Is(err, transport.ErrRepositoryNotFound):
		return KindNotFound
	case errors.As(err, &status):
		if status.StatusCode() >= 500 || status.StatusCode() == http.StatusTooManyRequests {
			return KindUnreachable
		}
	case errors.As(err, &network), errors.As(err, &certs), errors.As(err, &unknown), errors.As(err, &notHTTPS),
		errors.Is(err, io.ErrUnexpectedEOF):
		return KindUnreachable
	}
	return KindOther
}

// What git(1) and ssh(1) print, in the order in which it is looked for: the general complaints come last.
var stderrKinds = []struct {
	kind string
	text *regexp.Regexp
}{
	{KindAuth, regexp.MustCompile(`(?i)authentication failed|could not read (username|password)|terminal prompts disabled|` +
		`permission denied \(|permission denied, please|host key verification failed|returned error: 40[13]|access denied|` +
		`invalid format|error in libcrypto|unprotected private key|not authorized|too many authentication failures`)},
	{KindUnreachable, regexp.MustCompile(`(?i)could not resolve|connection (refused|timed out|reset|closed)|failed to connect|` +
		`couldn't connect|no route to host|network is unreachable|operation timed out|certificate|ssl |gnutls|openssl|` +
		`returned error: (5..|429)|http 5..|early eof|operation too slow|kex_exchange`)},
	{KindNotFound, regexp.MustCompile(`(?i)repository not found|does not appear to be a git repository|` +
		`repository '.*' not found|returned error: 404|does not exist|could not be found|no such file or directory`)},
	{KindUnreachable, regexp.MustCompile(`(?i)remote end hung up|unexpected disconnect|could not read from remote`)},
}

func kindOfStderr(text string) string {
	for _, k := range stderrKinds {
		if k.text.MatchString(text) {
			return k.kind
		}
	}
	return KindOther
}
