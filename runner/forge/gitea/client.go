package gitea

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	sdk "code.gitea.io/sdk/gitea"
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
