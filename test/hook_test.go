package test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/test/forges"
)

const hookSecret = "a secret of webhooks"

// TestWebhooksWakeThePoll lets driftless poll once an hour: what happens at the forge is taken up when a webhook tells of it.
func TestWebhooksWakeThePoll(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"github", "gitea"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newHostedWorld(t, kind)
			d := w.serve()
			d.await("unchanged")
			plans := 1

			w.propose("more", map[string]string{"app/main.tf": strings.Replace(idle, "count = 0", "count = 1", 1)})
			n, err := w.repo().Open("ada", "more", "", "Make the app", forges.OpenOptions{})
			w.must(err)
			if status := w.deliver(d.address, "pull_request", "not the secret"); status != http.StatusUnauthorized {
				t.Errorf("a webhook with a wrong signature was answered %d", status)
			}
			if status := w.deliver(d.address, "pull_request", hookSecret); status != http.StatusAccepted {
				t.Errorf("a webhook was answered %d", status)
			}
			d.await("ready")
			w.deliverAll(d.address)

			issue, err := w.repo().Issue(n)
			w.must(err)
			if kind == "github" { // somebody presses the button of the check
				check := w.check(issue.Pull.HeadSHA)
				w.must(w.repo().Rerun("ada", check.ID))
				for range 3 { // a delivery that seemed to fail is made again
					w.deliver(d.address, "check_run", hookSecret)
				}
				d.await("superseded")
				d.await("ready")
				w.deliver(d.address, "check_run", hookSecret)
				plans++
			}

			// What happens next is told by webhooks of long ago alone, each twice and the newest first.
			w.propose("less", map[string]string{"app/less.tf": "resource \"terraform_data\" \"less\" {}\n"})
			_, err = w.repo().Open("ada", "less", "", "Make it less", forges.OpenOptions{})
			w.must(err)
			w.deliverAll(d.address)
			d.await("ready")
			if n := len(w.runs("infra//app", runner.PurposePlan)); n != plans+1 {
				t.Errorf("%d plans, not %d", n, plans+1)
			}

			_, err = w.repo().MergePull(n, forges.Squash, "ben")
			w.must(err)
			w.deliver(d.address, "pull_request", hookSecret)
			d.await("applied")
			if n := len(w.runs("infra//app", runner.PurposeApply)); n != 2 {
				t.Errorf("%d applies, not 2", n)
			}
			w.hosted.world.Check(t)
		})
	}
}

// newHostedWorld makes a world whose repository is at a forge that sends webhooks.
func newHostedWorld(t *testing.T, kind string) *world {
	t.Helper()
	dir := t.TempDir()
	w := &world{story: &story{dir: dir, engine: engines(t)[0], poll: "1h"}, t: t, clone: filepath.Join(dir, "infra")}
	w.env = append(gitEnv(t), "PATH="+os.Getenv("PATH"), "DRIFTLESS_CONFIG="+w.config(), "NO_COLOR=1", "TMPDIR="+t.TempDir())
	t.Cleanup(w.close)
	w.must(w.serveForge(kind))
	w.hosted.hooks = w.path("hooks")
	w.must(os.WriteFile(w.hosted.hooks, []byte(hookSecret), 0o600))
	if kind == "github" {
		w.must(signInAsApp(nil, w.story, nil))
	}
	bare, err := w.hosted.add("infra")
	w.must(err)
	w.repos = []string{"infra"}
	w.must(os.Mkdir(w.clone, 0o755))
	git(t, w.clone, "init", "--quiet", "--initial-branch=main")
	git(t, w.clone, "remote", "add", "origin", bare)
	w.write(map[string]string{"app/main.tf": idle})
	w.commit("Begin")
	git(t, w.clone, "push", "--quiet", "-u", "origin", "main")
	w.must(w.writeConfig())
	return w
}

// check waits for the check run of driftless on a commit.
func (w *world) check(commit string) forges.Check {
	w.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		for _, c := range w.repo().Checks(commit) {
			if c.Name == "driftless" && c.Conclusion != "" {
				return c
			}
		}
	}
	w.t.Fatal("there is no check run of driftless")
	return forges.Check{}
}

// deliver sends a webhook about the newest event of a kind, and returns the answer's status.
func (w *world) deliver(address, kind, secret string) int {
	w.t.Helper()
	events := w.hosted.world.Events()
	for i := len(events) - 1; i >= 0; i-- {
		if events[i].Kind != kind {
			continue
		}
		if status := w.send(address, events[i], secret); status != 0 {
			return status
		}
		break
	}
	w.t.Fatalf("nothing happened that a webhook of %s tells of", kind)
	return 0
}

// deliverAll sends the webhooks of everything that happened so far but for the newest pull request, each twice and the newest first.
func (w *world) deliverAll(address string) {
	w.t.Helper()
	events := w.hosted.world.Events()
	slices.Reverse(events)
	newest := 0
	for _, e := range events {
		newest = max(newest, e.Number)
	}
	for _, e := range events {
		for range 2 {
			if e.Number < newest || newest == 1 {
				w.send(address, e, hookSecret)
			}
		}
	}
}

// send sends the webhook about an event, and returns the answer's status; 0 = the forge tells nothing of it.
func (w *world) send(address string, e forges.Event, secret string) int {
	w.t.Helper()
	face := w.hosted.world.GitHub().Delivery
	if w.hosted.kind == "gitea" {
		face = w.hosted.world.Gitea().Delivery
	}
	header, body, ok := face(e, secret)
	if !ok {
		return 0
	}
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, "http://"+address+"/webhooks/hub", bytes.NewReader(body))
	w.must(err)
	req.Header = header
	resp, err := http.DefaultClient.Do(req)
	w.must(err)
	_ = resp.Body.Close()
	return resp.StatusCode
}

// served is a driftless that serves.
type served struct {
	t       *testing.T
	lines   *json.Decoder
	address string // of its webhooks
}

// serve starts driftless; it is killed with the test.
func (w *world) serve() *served {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), built.program, "serve", "--log-format", "json")
	cmd.Dir, cmd.Env = w.clone, w.env
	stderr, err := cmd.StderrPipe()
	w.must(err)
	w.must(cmd.Start())
	overdue := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	w.t.Cleanup(func() {
		overdue.Stop()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	d := &served{t: w.t, lines: json.NewDecoder(stderr)}
	d.address = d.await("listening")
	return d
}

// await reads the log up to a message, and returns the address in it, if there is one.
func (d *served) await(message string) string {
	d.t.Helper()
	var log []string
	for {
		var line struct{ Msg, Address, Error string }
		if err := d.lines.Decode(&line); err != nil {
			d.t.Fatalf("driftless never logged %q: %v\n%s", message, err, strings.Join(log, "\n"))
		}
		if line.Msg == message {
			return line.Address
		}
		log = append(log, line.Msg+" "+line.Error)
	}
}
