package forges

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// The forges' own descriptions of their APIs, below the directory shared beside the module.
const (
	GitHubDescription = "github/openapi.json"
	GiteaDescription  = "gitea/swagger.json"
)

// NeedDescription skips a test that is about a description when that is not there.
func NeedDescription(t testing.TB, name string) {
	t.Helper()
	if d, err := describe(name); err != nil {
		t.Fatal(err)
	} else if d == nil {
		t.Skipf("../shared/%s is missing: nothing is validated against it", name)
	}
}

// description is how a forge describes its API. A nil one knows of nothing wrong.
type description struct {
	doc    *openapi3.T
	router routers.Router
}

// exchange is a request and its answer. The path is the description's: without prefix, no parameter with a slash.
type exchange struct {
	method, path, query string
	reqHeader           http.Header
	reqBody             []byte
	status              int
	header              http.Header
	body                []byte
}

var loaded = struct {
	sync.Mutex
	byName map[string]*description
}{byName: map[string]*description{}}

// describe loads a description once; nil = it is not there.
func describe(name string) (*description, error) {
	loaded.Lock()
	defer loaded.Unlock()
	if d, ok := loaded.byName[name]; ok {
		return d, nil
	}
	d, err := loadDescription(name)
	if err != nil {
		return nil, fmt.Errorf("description %s: %w", name, err)
	}
	loaded.byName[name] = d
	return d, nil
}

func loadDescription(name string) (*description, error) {
	root, err := moduleRoot()
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(filepath.Join(root, "..", "shared", filepath.FromSlash(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	doc, err := parseDescription(data)
	if err != nil {
		return nil, err
	}
	doc.Servers = nil // paths alone
	for _, name := range []string{"pull-request", "pull-request-simple"} {
		headMayBeGone(doc.Components.Schemas[name])
	}
	if err := doc.Validate(context.Background(), openapi3.DisableExamplesValidation()); err != nil {
		return nil, err
	}
	router, err := gorillamux.NewRouter(doc)
	return &description{doc: doc, router: router}, err
}

// headMayBeGone makes the repository of a pull request's head null when it was deleted: GitHub does so and does not say it.
func headMayBeGone(pull *openapi3.SchemaRef) {
	if pull == nil {
		return
	}
	head := pull.Value.Properties["head"].Value
	repo := *head.Properties["repo"].Value
	repo.Nullable = true
	head.Properties["repo"] = &openapi3.SchemaRef{Value: &repo}
}

func parseDescription(data []byte) (*openapi3.T, error) {
	var version struct{ Swagger string }
	if err := json.Unmarshal(data, &version); err != nil || version.Swagger == "" {
		return openapi3.NewLoader().LoadFromData(data)
	}
	var old openapi2.T
	if err := json.Unmarshal(data, &old); err != nil {
		return nil, err
	}
	doc, err := openapi2conv.ToV3(&old)
	if err == nil {
		giteaDocument(doc)
	}
	return doc, err
}

// moduleRoot is the directory of go.mod above the one that tests run in.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("there is no go.mod above the working directory")
		}
	}
}

// check says what of an exchange is not as described: the request always, the answer unless it is "not modified".
func (d *description) check(x exchange) error {
	if d == nil {
		return nil
	}
	req := &http.Request{Method: x.method, URL: &url.URL{Path: x.path, RawQuery: x.query}, Header: x.reqHeader, Body: io.NopCloser(bytes.NewReader(x.reqBody)), ContentLength: int64(len(x.reqBody))}
	route, params, err := d.router.FindRoute(req)
	if err != nil {
		return fmt.Errorf("%s %s: %w", x.method, x.path, err)
	}
	options := openapi3filter.Options{
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SkipSettingDefaults: true, IncludeResponseStatus: x.status < 400,
	}
	options.WithCustomSchemaErrorFunc(brief)
	in := &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route, Options: &options}
	if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil && x.status < 400 {
		return fmt.Errorf("request %s %s?%s is not as described: %w", x.method, x.path, x.query, err)
	}
	if x.status == http.StatusNotModified {
		return nil
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: x.status, Header: x.header, Options: &options}
	if err := openapi3filter.ValidateResponse(context.Background(), out.SetBodyBytes(x.body)); err != nil {
		return fmt.Errorf("answer %d to %s %s is not as described: %w", x.status, x.method, x.path, err)
	}
	return nil
}

// brief is an error without the schema and the value that it is about.
func brief(e *openapi3.SchemaError) string {
	text := "/" + strings.Join(e.JSONPointer(), "/") + ": " + e.Reason
	if inner := (*openapi3.SchemaError)(nil); errors.As(e.Origin, &inner) {
		text += ": " + brief(inner)
	}
	return text
}

// checkHook says what of the body of a webhook is not as described; what is not described is let be.
func (d *description) checkHook(schema string, body []byte) error {
	if d == nil || d.doc.Components.Schemas[schema] == nil {
		return nil
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return err
	}
	err := d.doc.Components.Schemas[schema].Value.VisitJSON(value)
	if e := (*openapi3.SchemaError)(nil); errors.As(err, &e) {
		return fmt.Errorf("%s is not as described: %s", schema, brief(e))
	}
	return err
}
