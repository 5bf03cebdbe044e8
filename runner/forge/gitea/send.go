package gitea

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	sdk "code.gitea.io/sdk/gitea"

	"github.com/driftlessops/driftless/runner/forge"
)

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
