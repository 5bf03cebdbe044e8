package gitea

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	sdk "code.gitea.io/sdk/gitea"

	"github.com/driftlessops/driftless/runner/forge"
)

const userAgent = "driftless"

// client returns a client for one call: the SDK's clients have one context each. They are cheap, and share the connections.
// Told no version, they do not ask the server for it.
func (a *Account) client(ctx context.Context) (*sdk.Client, error) {
	return sdk.NewClient(a.url, sdk.SetGiteaVersion(""), sdk.SetContext(ctx), sdk.SetHTTPClient(a.http), sdk.SetUserAgent(userAgent))
}

// follow goes where a renamed repository is now for reads only: what was meant for one repository is not written to another
// unasked. (Gitea answers 301, after which Go would ask with GET what was sent with POST.) It never leaves the server: the
// token is for no other.
func (a *Account) follow(req *http.Request, via []*http.Request) error {
	first := via[0]
	if first.Method != http.MethodGet || req.URL.Host != first.URL.Host || req.URL.Scheme != first.URL.Scheme || len(via) > 3 {
		return http.ErrUseLastResponse
	}
	if _, told := a.moved.LoadOrStore(first.URL.Path, true); !told {
		a.logger.Warn("Gitea answers under another name: give the repository's new path in the configuration", "asked", first.URL.Path, "answered", req.URL.Path)
	}
	return nil
}

// ask makes one call of the SDK. what names it in errors.
func ask[T any](ctx context.Context, a *Account, what string, call func(*sdk.Client) (T, *sdk.Response, error)) (T, error) {
	v, _, err := askPage(ctx, a, what, call)
	return v, err
}

// askPage is ask for one page: total is how many there are on all pages, -1 when the server does not say.
func askPage[T any](ctx context.Context, a *Account, what string, call func(*sdk.Client) (T, *sdk.Response, error)) (v T, total int, err error) {
	c, err := a.client(ctx)
	if err != nil {
		return v, 0, fmt.Errorf("%s: %w", what, err)
	}
	v, resp, err := call(c)
	switch {
	case err == nil:
		return v, totalOf(resp), nil
	case resp == nil || resp.Response == nil:
		return v, 0, unsent(what, err)
	case resp.StatusCode < 300:
		return v, 0, fmt.Errorf("%s: the answer cannot be understood: %w", what, err)
	}
	return v, 0, refused(what, resp.StatusCode, err.Error())
}

func totalOf(resp *sdk.Response) int {
	if total, err := strconv.Atoi(resp.Header.Get("X-Total-Count")); err == nil {
		return total
	}
	return -1
}

// send makes a call that the SDK does not make as Gitea describes it: it writes null where there is no value and "Do" for "do",
// drops what Gitea says of a merge, and asks for one page of what has many. It fails as the SDK does, for ask.
func (a *Account) send(ctx context.Context, method, path string, in, out any) (*sdk.Response, error) {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, a.url+"/api/v1"+path, body)
	if err != nil {
		return nil, err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("User-Agent", userAgent)
	got, err := a.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = got.Body.Close() }()
	resp := &sdk.Response{Response: got}
	data, err := io.ReadAll(got.Body)
	switch {
	case err != nil:
		return nil, &forge.Later{Reason: err.Error()}
	case got.StatusCode >= 300:
		var said struct{ Message string }
		_ = json.Unmarshal(data, &said) // what it does not say in JSON is not for people
		return resp, errors.New(said.Message)
	case out != nil:
		return resp, json.Unmarshal(data, out)
	}
	return resp, nil
}

// unsent is the error of a call that got no answer, without the request that Go puts before it.
func unsent(what string, err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("%s: %w", what, err)
}

var errToken = &forge.Denied{Reason: "the token was not accepted: it is wrong, was revoked or has expired"}

// refused is the error that an answer stands for.
func refused(what string, status int, message string) error {
	message = short(message)
	switch {
	case status == http.StatusNotFound, status == http.StatusGone:
		return fmt.Errorf("%s: %w", what, forge.ErrGone)
	case status == http.StatusUnauthorized:
		return fmt.Errorf("%s: %w", what, errToken)
	case status < 400:
		message = "the repository was renamed or moved: give its new path in the configuration"
	case message == "":
		message = fmt.Sprintf("%d %s", status, http.StatusText(status))
	}
	return fmt.Errorf("%s: %w", what, &forge.Denied{Reason: message})
}

// short is what a server said, on one line that people can read.
func short(message string) string {
	message = strings.Join(strings.Fields(strings.ToValidUTF8(message, "?")), " ")
	if r := []rune(message); len(r) > 300 {
		message = string(r[:300]) + "…"
	}
	return message
}
