package supervisor

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/runner/tfstate"
)

// TestAStateThatCannotBeWritten: the engine is told, so that it leaves its state beside the code, unless only room is missing.
func TestAStateThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	state := func(serial string) string { return `{"version":4,"serial":` + serial + `,"lineage":"l"}` }
	b := &backend{
		dir: dir, workspace: "r//app", password: "p", log: slog.New(slog.DiscardHandler), kept: true,
		content: []byte(state("1")), newest: tfstate.Header{Serial: 1, Lineage: "l"},
	}
	ask := func(method, body string) *httptest.ResponseRecorder { return asked(t, b, method, body) }
	if res := ask(http.MethodPost, state("2")); res.Code != http.StatusInternalServerError {
		t.Errorf("it was kept nowhere: %d %s", res.Code, res.Body)
	}
	if got := ask(http.MethodGet, "").Body.String(); got != state("1") || !b.kept {
		t.Errorf("the newest one is %s, kept %t", got, b.kept)
	}
	if err := os.Mkdir(filepath.Join(dir, statesDir), 0o700); err != nil {
		t.Fatal(err)
	}
	if res := ask(http.MethodPost, state("2")); res.Code != http.StatusOK { // it is the same one, and not there yet
		t.Errorf("%d %s", res.Code, res.Body)
	}
	if err := os.WriteFile(stateFile(dir, 2), nil, 0o600); err != nil { // as a machine that died left it
		t.Fatal(err)
	}
	kept, err := os.ReadFile(NewestState(dir))
	if err != nil || string(kept) != state("2") {
		t.Errorf("%s, %v", kept, err)
	}
}

// asked is what a backend answers.
func asked(t *testing.T, b *backend, method, body string) *httptest.ResponseRecorder {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, "/state", strings.NewReader(body))
	req.SetBasicAuth(backendUser, "p")
	res := httptest.NewRecorder()
	b.ServeHTTP(res, req)
	return res
}

// TestTheLockOfAnApply is for the processes of one engine; what keeps others away is on record.
func TestTheLockOfAnApply(t *testing.T) {
	t.Parallel()
	b := &backend{dir: t.TempDir(), workspace: "r//app", password: "p", log: slog.New(slog.DiscardHandler), kept: true}
	for _, step := range []struct {
		method, body string
		code         int
		says         string
	}{
		{"LOCK", "", 400, "no ID"},
		{"LOCK", "x", 400, "no JSON object with an ID"},
		{"LOCK", `{"ID":"a"}`, 200, ""},
		{"LOCK", `{"ID":"a"}`, 200, ""}, // asked twice
		{"LOCK", `{"ID":"b"}`, 423, `"ID":"a"`},
		{"POST", `{"version":4,"serial":1,"lineage":"l"}`, 423, `"ID":"a"`},
		{"UNLOCK", `{"ID":"b"}`, 423, `"ID":"a"`},
		{"UNLOCK", `{"ID":"a"}`, 200, ""},
		{"LOCK", `{"ID":"c"}`, 200, ""},
		{"UNLOCK", "", 200, ""}, // forced
		{"LOCK", `{"ID":"d"}`, 200, ""},
	} {
		if res := asked(t, b, step.method, step.body); res.Code != step.code || !strings.Contains(res.Body.String(), step.says) {
			t.Errorf("%s %s: %d %s", step.method, step.body, res.Code, res.Body)
		}
	}
}

// TestNewestStateOfAFile: what a person put among what was kept is no apply.
func TestNewestStateOfAFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, statesDir), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if name := NewestState(dir); name != "" {
		t.Error(name)
	}
}
