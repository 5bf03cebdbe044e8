package supervisor

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/driftlessops/driftless/planner/engine"
)

func TestMain(m *testing.M) {
	if Is(os.Args) {
		os.Exit(Main(os.Args[2]))
	}
	os.Exit(m.Run())
}

// patience ends a wait for something that never happens; nothing depends on how long it is.
const patience = time.Minute

const secret = "a-granted-secret"

// bench is an engine that is a script, and its supervisor. The script says "ready" before it waits for anything.
type bench struct {
	*testing.T
	dir   string
	apply *Apply
}

func start(t *testing.T, script string, change func(*Order)) *bench {
	t.Helper()
	dir := t.TempDir()
	b := &bench{T: t, dir: dir}
	for _, name := range []string{"checkout", "tmp"} {
		b.must(os.Mkdir(filepath.Join(dir, name), 0o700))
	}
	path := filepath.Join(dir, "engine")
	b.must(os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700))
	order := Order{
		Run: 7, Wait: time.Minute,
		Command: engine.Command{
			Path: path, Dir: filepath.Join(dir, "checkout"), Args: []string{"apply"}, TempDir: filepath.Join(dir, "tmp"),
			Env: []string{"PATH=" + os.Getenv("PATH"), "SECRET=" + secret, "TF_CLI_CONFIG_FILE=" + filepath.Join(dir, "tmp", "cli.tfrc")},
		},
	}
	if change != nil {
		change(&order)
	}
	var err error
	b.apply, err = Start(filepath.Join(dir, "run", "apply"), order)
	b.must(err)
	t.Cleanup(func() { // the engine of a test that failed
		for _, p := range b.apply.Left() {
			_ = syscall.Kill(p.PID, syscall.SIGKILL)
		}
	})
	return b
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) await(what string, done func() bool) {
	b.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(b.apply.path(logFile))
			b.Fatalf("%s: waited in vain\n%s", what, log)
		}
	}
}

func (b *bench) ready() {
	b.Helper()
	b.await("ready", func() bool {
		text, _ := os.ReadFile(b.apply.path(stdoutFile))
		return strings.Contains(string(text), "ready\n")
	})
}

// end is the result, once the supervisor is gone.
func (b *bench) end() Result {
	b.Helper()
	b.await("the end", func() bool { return !b.apply.Alive() })
	result, err := b.apply.Result()
	b.must(err)
	return result
}

func TestResults(t *testing.T) {
	t.Parallel()
	const waits = "echo ready; while :; do sleep 0.05; done"
	for name, c := range map[string]struct {
		script string
		change func(*Order)
		during func(b *bench)
		want   Result
		sure   bool
	}{
		"it ends well":           {script: "exit 0", want: Result{Started: true}, sure: true},
		"it fails":               {script: "exit 3", want: Result{Started: true, Exit: 3, Error: "exit status 3"}, sure: true},
		"it is not there":        {change: func(o *Order) { o.Command.Path = "/nowhere" }, want: Result{Exit: -1, Error: "start /nowhere: "}, sure: true},
		"it is killed":           {script: "kill -9 $$", want: Result{Started: true, Exit: -1, Signaled: true, Error: "signal: killed"}},
		"canceled, and it obeys": {script: "trap 'exit 4' INT; " + waits, during: (*bench).cancel, want: Result{Started: true, Exit: 4, Interrupted: Asked, Error: "exit status 4"}, sure: true},
		"canceled in vain": {
			script: "trap '' INT; " + waits, during: (*bench).cancel, change: func(o *Order) { o.Wait = 10 * time.Millisecond },
			want: Result{Started: true, Exit: -1, Interrupted: Asked, Killed: true, Signaled: true, Error: "killed"},
		},
		"its lease ended":   {change: func(o *Order) { o.Until = time.Now().Add(-time.Second) }, want: Result{Exit: -1, Again: true, Error: "lease"}, sure: true},
		"it is in time":     {script: "exit 0", change: func(o *Order) { o.Until = time.Now().Add(time.Hour) }, want: Result{Started: true}, sure: true},
		"it takes too long": {script: "trap 'exit 5' INT; " + waits, change: func(o *Order) { o.Limit = time.Second }, want: Result{Started: true, Exit: 5, Interrupted: Limit, Error: "exit status 5"}, sure: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t, c.script, c.change)
			if c.during != nil {
				b.ready()
				c.during(b)
			}
			got := b.end()
			if !strings.Contains(got.Error, c.want.Error) || (got.Error == "") != (c.want.Error == "") || got.Sure() != c.sure {
				t.Errorf("%+v", got)
			}
			got.Error, c.want.Error = "", ""
			if got.Exit != c.want.Exit || got.Started != c.want.Started || got.Interrupted != c.want.Interrupted || got.Killed != c.want.Killed || got.Signaled != c.want.Signaled || got.Again != c.want.Again {
				t.Errorf("%+v, not %+v", got, c.want)
			}
			b.await("nothing is left", func() bool { return len(b.apply.Left()) == 0 })
			if b.apply.Begun() == got.Again {
				t.Errorf("begun: %t", b.apply.Begun())
			}
		})
	}
}

// cancel says it twice: a supervisor is not killed by a signal.
func (b *bench) cancel() {
	b.Helper()
	b.await("somebody to tell", b.apply.Interrupt)
	b.apply.Interrupt()
}

// TestSecretsAreNotOnDisk: what the engine was granted goes to it through the pipe alone.
func TestSecretsAreNotOnDisk(t *testing.T) {
	t.Parallel()
	b := start(t, `test "$SECRET" = `+secret+` && test -z "$DRIFTLESS_X" && echo ready; while ! test -e go; do sleep 0.01; done`, nil)
	b.ready()
	b.must(filepath.WalkDir(filepath.Join(b.dir, "run"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte(secret)) {
			t.Errorf("%s holds the secret", path)
		}
		if info, _ := d.Info(); info.Mode().Perm() != 0o600 {
			t.Errorf("%s is %s", path, info.Mode())
		}
		return err
	}))
	b.must(os.WriteFile(filepath.Join(b.dir, "checkout", "go"), nil, 0o600))
	if r := b.end(); r.Exit != 0 {
		t.Errorf("%+v", r)
	}
}

// TestSupervisorIsKilled: the engine is interrupted by who waits for its end.
func TestSupervisorIsKilled(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"the engine obeys":       "trap 'exit 1' INT; echo ready; while :; do sleep 0.05; done",
		"the engine ignores it":  "trap '' INT; echo ready; while :; do sleep 0.05; done",
		"something is left over": "cd /; env -i TF_CLI_CONFIG_FILE=$TF_CLI_CONFIG_FILE /bin/sh -c 'while :; do sleep 0.05; done' & echo ready; wait",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t, script, func(o *Order) { o.Wait = 100 * time.Millisecond })
			b.ready()
			shell := b.shell()
			b.must(syscall.Kill(b.apply.pid(), syscall.SIGKILL))
			b.await("the lock is free", func() bool { return !b.apply.Alive() })
			if _, err := b.apply.Result(); !errors.Is(err, fs.ErrNotExist) || !b.apply.Begun() || b.apply.Interrupt() {
				t.Errorf("result %v, begun %v", err, b.apply.Begun())
			}
			b.must(b.apply.Reap(t.Context()))
			if left := b.apply.Left(); len(left) > 0 {
				t.Errorf("%v are left", left)
			}
			if shell.Signal(syscall.Signal(0)) != nil {
				t.Error("a person's shell was killed")
			}
		})
	}
}

// TestAnEngineWithoutSupervisorSavesItsState: it is interrupted once, also when who waits for its end is killed and starts anew, and
// has the time to write down what it cannot send to anybody, with what it needs for that. Only then that is ended, and a daemon.
func TestAnEngineWithoutSupervisorSavesItsState(t *testing.T) {
	t.Parallel()
	b := start(t, `trap 'test -e told && exit 9; touch told' INT
		setsid sh -c '(until test -e told; do sleep 0.05; done; sleep 1; touch helped; sleep 600) &'
		setsid sleep 600 &
		echo ready; until test -e helped; do sleep 0.05; done; touch errored.tfstate`, nil)
	b.ready()
	b.must(syscall.Kill(b.apply.pid(), syscall.SIGKILL))
	b.await("the lock is free", func() bool { return !b.apply.Alive() })
	if !b.apply.AtWork() {
		t.Error("it is not at work")
	}
	killed, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.apply.Reap(killed); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	b.await("the interrupt", func() bool { _, err := os.Stat(filepath.Join(b.dir, "checkout", "told")); return err == nil })
	again, err := Find(b.apply.dir)
	b.must(err)
	b.must(again.Reap(t.Context()))
	if _, err := os.Stat(filepath.Join(b.dir, "checkout", "errored.tfstate")); err != nil || again.AtWork() {
		t.Error(err, again.Left())
	}
}

// TestACanceledEngineIsNotInterruptedAgain: its supervisor did that, and was killed while the engine saved what it did.
func TestACanceledEngineIsNotInterruptedAgain(t *testing.T) {
	t.Parallel()
	b := start(t, `trap 'test -e told && exit 9; touch told' INT; echo ready; until test -e go; do sleep 0.02; done; touch errored.tfstate`, nil)
	in := func(name string) string { return filepath.Join(b.dir, "checkout", name) }
	b.ready()
	b.cancel()
	b.await("the interrupt", func() bool {
		_, engine := os.Stat(in("told"))
		_, noted := os.Stat(b.apply.path(toldFile))
		return engine == nil && noted == nil
	})
	b.must(syscall.Kill(b.apply.pid(), syscall.SIGKILL))
	b.await("the lock is free", func() bool { return !b.apply.Alive() })
	if !b.apply.End(time.Now()) {
		t.Error("nothing is left")
	}
	b.must(os.WriteFile(in("go"), nil, 0o600))
	b.must(b.apply.Reap(t.Context()))
	if _, err := os.Stat(in("errored.tfstate")); err != nil {
		t.Error(err)
	}
}

// shell is a person's, who looks at what the engine does.
func (b *bench) shell() *os.Process {
	b.Helper()
	cmd := exec.Command("sleep", "600")
	cmd.Dir = b.apply.Order.Command.Dir
	b.must(cmd.Start())
	b.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd.Process
}

// TestRunnerIsKilledWhileItHandsOver: without its environment no engine is started.
func TestRunnerIsKilledWhileItHandsOver(t *testing.T) {
	t.Parallel()
	b := start(t, "exit 0", nil)
	b.end()
	dir := filepath.Join(b.dir, "again")
	a := &Apply{Order: b.apply.Order, dir: dir}
	b.must(a.write())
	lock, err := a.lock(syscall.LOCK_EX)
	b.must(err)
	defer func() { _ = lock.Close() }()
	cmd := exec.Command(self(), subcommand, dir)
	cmd.Stdin, cmd.ExtraFiles = strings.NewReader(`{"Env":["A=`), []*os.File{lock}
	b.must(cmd.Run())
	result, err := a.Result()
	if err != nil || result.Started || !result.Again || a.Begun() || !strings.Contains(result.Error, "handed over") {
		t.Errorf("%+v, %v", result, err)
	}
	found, err := Find(dir)
	if err != nil || found.Order.Run != 7 || !found.Alive() { // this process still holds the lock
		t.Errorf("%+v, %v", found, err)
	}
}

// TestSomebodyAsksAtTheStart: whether a supervisor is at work is asked by its lock, at any time, and fails no apply.
func TestSomebodyAsksAtTheStart(t *testing.T) {
	t.Parallel()
	b := start(t, "exit 0", nil)
	b.end()
	dir := filepath.Join(b.dir, "again")
	b.must(os.Mkdir(dir, 0o700))
	asked, err := os.Create(filepath.Join(dir, lockFile))
	b.must(err)
	b.must(syscall.Flock(int(asked.Fd()), syscall.LOCK_SH))
	time.AfterFunc(50*time.Millisecond, func() { _ = asked.Close() })
	a, err := Start(dir, b.apply.Order)
	b.must(err)
	for a.Alive() {
		time.Sleep(poll)
	}
	if result, err := a.Result(); err != nil || !result.Started {
		t.Errorf("%+v, %v", result, err)
	}
}

const prints = `printf '%s %s %s' "$TF_HTTP_ADDRESS" "$TF_HTTP_USERNAME" "$TF_HTTP_PASSWORD" > env; echo ready; while ! test -e go; do sleep 0.01; done`

func TestStateIsKeptInFiles(t *testing.T) {
	t.Parallel()
	state := func(serial, lineage string) string {
		return `{"version":4,"serial":` + serial + `,"lineage":"` + lineage + `"}`
	}
	b := start(t, prints, func(o *Order) { o.State = &State{Workspace: "r//app", Content: []byte(state("3", "l"))} })
	b.ready()
	text, err := os.ReadFile(filepath.Join(b.dir, "checkout", "env"))
	b.must(err)
	env := strings.Fields(string(text))
	ask := func(want int, says, method, query, body string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, env[0]+query, strings.NewReader(body))
		b.must(err)
		req.SetBasicAuth(env[1], env[2])
		res, err := http.DefaultClient.Do(req)
		b.must(err)
		answer, err := io.ReadAll(res.Body)
		b.must(errors.Join(err, res.Body.Close()))
		if res.StatusCode != want || !strings.Contains(string(answer), says) {
			t.Errorf("%s %s %s: %d %s", method, query, body, res.StatusCode, answer)
		}
	}
	ask(200, `"serial":3`, "GET", "", "")
	ask(200, "", "LOCK", "", `{"ID":"a"}`)
	ask(423, `"a"`, "LOCK", "", `{"ID":"b"}`)
	ask(423, `"a"`, "POST", "?ID=b", state("4", "l"))
	ask(200, "", "POST", "?ID=a", state("4", "l"))
	ask(200, "", "POST", "?ID=a", state("4", "l"))
	ask(409, "go back", "POST", "?ID=a", state("2", "l"))
	ask(409, "lineage", "POST", "?ID=a", state("5", "m"))
	ask(400, "no state", "POST", "?ID=a", "[")
	ask(200, "", "POST", "?ID=a", state("6", "l"))
	ask(405, "", "DELETE", "", "")
	ask(200, "", "UNLOCK", "", `{"ID":"a"}`)
	ask(200, `"serial":6`, "GET", "", "")
	env[2] = "wrong"
	ask(401, "", "GET", "", "")
	b.must(os.WriteFile(filepath.Join(b.dir, "checkout", "go"), nil, 0o600))
	result := b.end()
	if len(result.Refused) != 4 || !strings.Contains(result.Refused[1], "go back from serial 6 to 2") && !strings.Contains(result.Refused[1], "go back from serial 4 to 2") {
		t.Errorf("refused: %q", result.Refused)
	}
	versions, err := b.apply.Versions(0)
	b.must(err)
	var serials []int64
	for _, v := range versions {
		serials = append(serials, v.Serial)
	}
	before, err := b.apply.Before()
	if err != nil || !slices.Equal(serials, []int64{4, 6}) || before.Serial != 3 {
		t.Errorf("%v after %+v, %v", serials, before, err)
	}
	if later, err := b.apply.Versions(1); err != nil || len(later) != 1 {
		t.Errorf("%v, %v", later, err)
	}
}
