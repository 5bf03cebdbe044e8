package test

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/driftlessops/driftless/examples/cloud"
	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/daemon"
	"github.com/driftlessops/driftless/runner/store/pgtest"
	"github.com/driftlessops/driftless/test/forges"
	"github.com/driftlessops/driftless/workspaces"
)

// What the environment says of TestChaos.
const (
	chaosTime = "DRIFTLESS_CHAOS_TIME" // how long there is chaos, as a Go duration
	chaosSeed = "DRIFTLESS_CHAOS_SEED" // what it is made from
)

const (
	chaosDirs     = 30
	chaosReplicas = 3
	chaosOpen     = 6 // pull requests at once
)

// TestChaos lets three replicas work on thirty workspaces while they are killed, paused, cut off from the database and restarted,
// and while the forge fails. Afterwards the journal of the cloud must tell that each change that was merged was made once, and
// none that was not; and everything else must have ended as it would have without all that.
func TestChaos(t *testing.T) {
	t.Parallel()
	long := 20 * time.Second
	if text := os.Getenv(chaosTime); text != "" {
		var err error
		if long, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	seed, err := strconv.ParseUint(cmp.Or(os.Getenv(chaosSeed), "1"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s of chaos from seed %d", long, seed)
	c := newChaos(t, seed)
	for end := time.Now().Add(long); time.Now().Before(end); {
		c.people()
		c.misfortune()
		time.Sleep(time.Duration(100+c.chance.IntN(900)) * time.Millisecond)
	}
	c.heal()
	c.await(soaked, c.unsettled)
	c.stop()
	c.check()
	t.Logf("what happened: %v", c.count)
}

// chaos is a busy repository whose driftless has bad luck.
type chaos struct {
	*hub
	chance   *rand.Rand
	replicas []*replica
	open     map[string]int      // numbers of open pull requests by their directory
	next     map[string]string   // the values that those would give it
	values   map[string][]string // the values that main gave it, oldest first
	merged   []int
	faulty   time.Time // until then the forge or the cloud is not well
	count    map[string]int
}

// replica is one driftless of several.
type replica struct {
	name  string
	env   []string
	wire  *pgtest.Proxy // to the database
	cmd   *exec.Cmd     // nil: it does not run
	ended chan error
	until time.Time // when its misfortune ends; zero: it has none
	mend  func()
}

func newChaos(t *testing.T, seed uint64) *chaos {
	t.Helper()
	files := map[string]string{"driftless.hcl": "defaults {\n  freshness = \"1h\"\n}\n"}
	for i := range chaosDirs {
		files[chaosDir(i)+"/main.tf"] = inTheCloud + idle
	}
	c := &chaos{
		hub: newHub(t, "github", files), chance: rand.New(rand.NewPCG(seed, 0)), open: map[string]int{}, next: map[string]string{},
		values: map[string][]string{}, count: map[string]int{},
	}
	c.forge.SetLimit(1 << 20) // an hour of this costs more than GitHub allows in one: then driftless waits, as it should
	c.must(c.startCloud())
	c.database = pgtest.URL(t)
	c.must(c.writeConfig())
	c.pass() // which finds every workspace as it is, and makes the key that the replicas share
	key, err := os.ReadFile(filepath.Join(c.dataDir(), "secret.key"))
	c.must(err)
	db, _, err := daemon.OpenStore(background(), c.place(), slog.New(slog.DiscardHandler))
	c.must(err)
	t.Cleanup(func() { _ = db.Close() })
	c.opened = db // to open it is to wait for a turn to write, which a replica that hangs may have
	for i := range chaosReplicas {
		r := &replica{name: fmt.Sprintf("r%d", i), wire: pgtest.NewProxy(t, c.database)}
		r.env = append(slices.Clone(c.env), "DRIFTLESS_DATABASE="+r.wire.URL, "DRIFTLESS_DATA_DIR="+c.path(r.name))
		c.must(os.Mkdir(c.path(r.name), 0o700))
		c.must(os.WriteFile(filepath.Join(c.path(r.name), "secret.key"), key, 0o600))
		c.replicas = append(c.replicas, r)
		c.start(r)
	}
	t.Cleanup(func() {
		for _, r := range c.replicas {
			if r.cmd != nil {
				_ = r.cmd.Process.Kill()
			}
		}
	})
	return c
}

func chaosDir(i int) string { return fmt.Sprintf("w%02d", i) }

// valued is the file that gives a workspace its network, with a value.
func valued(dir, value string) string {
	return fmt.Sprintf("resource \"cloud_network\" \"it\" {\n  name = %q\n  cidr = \"10.0.0.0/16\"\n  tags = { value = %q }\n}\n", dir, value)
}

func (c *chaos) start(r *replica) {
	c.t.Helper()
	log, err := os.OpenFile(c.path("log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	c.must(err)
	r.cmd = exec.Command(built.raced, "serve", "--log-format", "json")
	r.cmd.Dir, r.cmd.Env, r.cmd.Stdout, r.cmd.Stderr = c.dir, r.env, log, log
	c.must(r.cmd.Start())
	c.must(log.Close())
	r.ended = make(chan error, 1)
	go func(cmd *exec.Cmd, ended chan error) { ended <- cmd.Wait() }(r.cmd, r.ended)
}

// people open pull requests, and merge those whose plan they have seen. Some take back what another one did.
func (c *chaos) people() {
	c.t.Helper()
	for dir, n := range maps.Clone(c.open) {
		if c.chance.IntN(2) == 0 || !c.seen(n) {
			continue
		}
		_, err := c.repo.MergePull(n, forges.Squash, "ben")
		c.must(err)
		c.values[dir], c.merged = append(c.values[dir], c.next[dir]), append(c.merged, n)
		delete(c.open, dir)
		c.count["merged"]++
	}
	dir := chaosDir(c.chance.IntN(chaosDirs))
	if len(c.open) >= chaosOpen || c.open[dir] != 0 {
		return
	}
	value := fmt.Sprintf("v%d", len(c.merged)+len(c.open)+1)
	if old := c.values[dir]; len(old) > 1 && c.chance.IntN(3) == 0 {
		value = old[len(old)-2]
		c.count["reverts"]++
	}
	c.next[dir] = value
	c.open[dir] = c.hub.open(fmt.Sprintf("change-%d", len(c.merged)+len(c.open)), map[string]string{dir + "/it.tf": valued(dir, value)})
}

// seen reports whether people see the plan of a pull request, and driftless knows that they do.
func (c *chaos) seen(n int) bool {
	ours := c.ours(n)
	return len(ours) > 0 && strings.Contains(ours[0].Body, "applies these changes") && !slices.ContainsFunc(c.waiting(), func(post runner.Post) bool {
		return post.Kind == runner.PostReport && post.Key == strconv.Itoa(n)
	})
}

// misfortune strikes a replica or the world, now and then, and ends what struck before.
func (c *chaos) misfortune() {
	c.t.Helper()
	for _, r := range c.replicas {
		c.alive(r)
		if !r.until.IsZero() && time.Now().After(r.until) {
			r.until = time.Time{}
			r.mend()
		}
	}
	if !c.faulty.IsZero() && time.Now().After(c.faulty) {
		c.forge.SetFaults(forges.Faults{})
		c.cloud.SetFaults(cloud.Faults{})
		c.faulty = time.Time{}
	}
	r := c.replicas[c.chance.IntN(len(c.replicas))]
	if !r.until.IsZero() {
		return
	}
	switch c.chance.IntN(24) {
	case 0, 1, 2:
		c.kill(r)
	case 3, 4:
		c.strike(r, "cut off from the database", 1+c.chance.IntN(25), r.wire.Swallow, r.wire.Heal)
	case 5:
		c.strike(r, "paused", 5+c.chance.IntN(25), func() { c.signal(r, syscall.SIGSTOP) }, func() { c.signal(r, syscall.SIGCONT) })
	case 6:
		c.end(r)
		c.start(r)
	case 7, 8:
		c.count["forge faults"]++
		c.forge.SetFaults(forges.Faults{Share: 0.2, Seed: c.chance.Uint64()})
		c.faulty = time.Now().Add(time.Duration(c.chance.IntN(10)) * time.Second)
	case 9:
		c.count["slow cloud"]++
		c.cloud.SetFaults(cloud.Faults{Latency: cloud.Duration(time.Duration(c.chance.IntN(1500)) * time.Millisecond)})
		c.faulty = time.Now().Add(time.Duration(c.chance.IntN(10)) * time.Second)
	}
}

func (c *chaos) strike(r *replica, what string, seconds int, begin, end func()) {
	c.count[what]++
	begin()
	r.until, r.mend = time.Now().Add(time.Duration(seconds)*time.Second), end
}

// kill kills a replica as a power cut would, and starts it again some time later.
func (c *chaos) kill(r *replica) {
	c.strike(r, "killed", c.chance.IntN(20), func() {
		c.signal(r, syscall.SIGKILL)
		if err := <-r.ended; !killed(err) {
			c.t.Errorf("%s ended with %v before it was killed", r.name, err)
		}
		r.cmd = nil
	}, func() { c.start(r) })
}

func (c *chaos) signal(r *replica, s syscall.Signal) {
	c.t.Helper()
	c.must(r.cmd.Process.Signal(s))
}

// end ends a replica in order.
func (c *chaos) end(r *replica) {
	c.t.Helper()
	c.count["restarted"]++
	c.signal(r, syscall.SIGTERM)
	select {
	case err := <-r.ended:
		if err != nil && !stopped(err) { // one that was just started ends at once
			c.t.Errorf("%s ended with %v:\n%s", r.name, err, c.tail())
		}
	case <-time.After(patience):
		c.t.Fatalf("%s does not end:\n%s", r.name, c.tail())
	}
	r.cmd = nil
}

// alive checks that a replica did not end by itself.
func (c *chaos) alive(r *replica) {
	c.t.Helper()
	if r.cmd == nil {
		return
	}
	select {
	case err := <-r.ended:
		c.t.Fatalf("%s ended by itself with %v:\n%s", r.name, err, c.tail())
	default:
	}
}

// heal ends every misfortune.
func (c *chaos) heal() {
	for _, r := range c.replicas {
		if !r.until.IsZero() {
			r.mend()
			r.until = time.Time{}
		}
	}
	c.forge.SetFaults(forges.Faults{})
	c.cloud.SetFaults(cloud.Faults{})
}

func (c *chaos) stop() {
	for _, r := range c.replicas {
		c.end(r)
	}
}

// approve approves what is held because people merged on a plan that was made while an earlier change was still being applied: what
// they saw was not what is left to do. Nothing else may be held.
func (c *chaos) approve(rec runner.Workspace) {
	c.t.Helper()
	var held []runner.Run
	c.must(c.view(func(tx runner.Tx) (err error) {
		held, err = tx.Runs(runner.RunFilter{Workspace: rec.ID, Statuses: []runner.Status{runner.Held}})
		return err
	}))
	for _, run := range held {
		if !c.outdated(run) {
			c.t.Fatalf("run %d of %s is held, and what was merged was planned after what was applied before it: %s", run.ID, rec.ID, run.Reason)
		}
		cmd := exec.Command(built.program, "approve", strconv.FormatInt(run.ID, 10))
		cmd.Env = c.replicas[0].env
		if out, err := cmd.CombinedOutput(); err == nil {
			c.count["approved"]++
		} else {
			c.t.Logf("approve %d: %v\n%s", run.ID, err, out)
		}
	}
}

// outdated reports whether the last plan that people could see when they merged was begun before the apply before it ended.
func (c *chaos) outdated(run runner.Run) bool {
	c.t.Helper()
	var all []runner.Run
	var pulls []runner.Pull
	c.must(c.view(func(tx runner.Tx) (err error) {
		for _, key := range run.Reviewers {
			found, err := tx.Pulls(runner.PullFilter{Repository: run.Repository, Key: key})
			if err != nil {
				return err
			}
			pulls = append(pulls, found...)
		}
		all, err = tx.Runs(runner.RunFilter{Workspace: run.Workspace, Before: run.ID})
		return err
	}))
	var applied time.Time
	for _, r := range all {
		if r.Purpose == runner.PurposeApply && r.Status == runner.Applied && r.FinishedAt.After(applied) {
			applied = r.FinishedAt
		}
	}
	return slices.ContainsFunc(pulls, func(p runner.Pull) bool {
		var seen runner.Run
		for _, r := range all {
			if r.PullID == p.ID && !r.PlannedAt.IsZero() && r.PlannedAt.Before(p.MergedAt.Add(time.Second)) && r.ID > seen.ID { // the forge tells seconds
				seen = r
			}
		}
		return seen.StartedAt.Before(applied)
	})
}

// unsettled is what is not yet as it will be.
func (c *chaos) unsettled() string {
	for _, r := range c.replicas {
		c.alive(r)
	}
	for i := range chaosDirs {
		rec := c.workspace(workspaces.ID("infra//" + chaosDir(i)))
		if rec.Sync == runner.Pending {
			c.approve(rec)
		}
		if rec.Sync != runner.Synced {
			return fmt.Sprintf("%s is %s: %s", rec.ID, rec.Sync, rec.Reason)
		}
	}
	for _, n := range c.merged {
		if ours := c.ours(n); len(ours) != 1 || !strings.Contains(ours[0].Body, "applied") {
			return fmt.Sprintf("the comments of pull request %d: %+v", n, ours)
		}
		if state := c.state(c.head(n), "driftless/apply"); state != "success" {
			return fmt.Sprintf("pull request %d: driftless/apply is %s", n, state)
		}
	}
	for _, n := range c.open {
		if !c.seen(n) {
			return fmt.Sprintf("pull request %d is not planned: %+v", n, c.ours(n))
		}
	}
	if posts := c.waiting(); len(posts) > 0 {
		return fmt.Sprintf("%d posts wait, such as %s %s: %s", len(posts), posts[0].Kind, posts[0].Key, posts[0].Error)
	}
	return ""
}

// check checks what must hold whatever happened.
func (c *chaos) check() {
	c.t.Helper()
	c.checkCloud()
	c.checkRecord()
	for _, r := range c.replicas {
		if left, err := os.ReadDir(filepath.Join(c.path(r.name), "runs")); err == nil && len(left) > 0 {
			c.t.Errorf("%s: directories of %d runs were left behind", r.name, len(left))
		}
	}
	c.await(patience, func() string { // an engine that was interrupted ends by itself
		out, _ := exec.Command("pgrep", "-af", c.dir).Output()
		return strings.TrimSpace(string(out))
	})
}

// checkCloud reads the journal: each object was made once, by a run that is on record as applied, got the values that main had in
// their order and no other, and has the last one.
func (c *chaos) checkCloud() {
	c.t.Helper()
	got, by := map[string][]string{}, map[string]bool{}
	for _, e := range c.cloud.Journal() {
		tags, _ := e.After["tags"].(map[string]any)
		switch value, _ := tags["value"].(string); {
		case e.Op == cloud.OpCreate && len(got[e.Name]) > 0, e.Op != cloud.OpCreate && e.Op != cloud.OpUpdate:
			c.t.Errorf("run %s: %s %s, which had %v", e.Run, e.Op, e.Name, got[e.Name])
		case by[e.Run+" "+e.Name]:
			c.t.Errorf("run %s changed %s twice", e.Run, e.Name)
		default:
			got[e.Name] = append(got[e.Name], value)
			by[e.Run+" "+e.Name] = true
			c.applied(e)
		}
	}
	for dir, want := range c.values {
		if !subsequence(got[dir], want) || len(got[dir]) == 0 || got[dir][len(got[dir])-1] != want[len(want)-1] {
			c.t.Errorf("%s got the values %v; main had %v", dir, got[dir], want)
		}
		delete(got, dir)
	}
	if len(got) > 0 {
		c.t.Errorf("nobody merged %v", got)
	}
}

// applied checks that the run that made a change is on record as having applied it.
func (c *chaos) applied(e cloud.Entry) {
	c.t.Helper()
	id, err := strconv.ParseInt(e.Run, 10, 64)
	c.must(err)
	c.must(c.view(func(tx runner.Tx) error {
		run, err := tx.Run(id)
		if err == nil && (run.Status != runner.Applied || run.Workspace != workspaces.ID("infra//"+e.Name)) {
			c.t.Errorf("run %d did %s %s; it is on record as %s of %s: %s", id, e.Op, e.Name, run.Status, run.Workspace, run.Reason)
		}
		return err
	}))
}

// subsequence reports whether some is all with some left out: what main had for a moment only need not be applied.
func subsequence(some, all []string) bool {
	for _, one := range all {
		if len(some) > 0 && some[0] == one {
			some = some[1:]
		}
	}
	return len(some) == 0
}

// checkRecord reads the history: each apply began once and ended once, no lock is left, and the chain is whole.
func (c *chaos) checkRecord() {
	c.t.Helper()
	c.must(c.view(func(tx runner.Tx) error {
		events, err := tx.Events(runner.EventFilter{})
		if err != nil {
			return err
		}
		slices.SortFunc(events, func(a, b runner.Event) int { return cmp.Compare(a.ID, b.ID) })
		begun, ended := map[int64]bool{}, map[int64]bool{}
		for _, e := range events {
			switch e.Kind {
			case "apply started":
				if begun[e.RunID] {
					c.t.Errorf("run %d began more than once", e.RunID)
				}
				begun[e.RunID] = true
			case "run taken up again": // before its engine was started
				begun[e.RunID] = false
			case "applied":
				if !begun[e.RunID] || ended[e.RunID] {
					c.t.Errorf("run %d was applied more than once, or never began", e.RunID)
				}
				ended[e.RunID] = true
			}
		}
		for i := range chaosDirs {
			if lock, err := tx.StateLock(workspaces.ID("infra//" + chaosDir(i))); err == nil {
				c.t.Errorf("the state of %s is still locked by run %d", lock.Workspace, lock.RunID)
			}
		}
		return nil
	}))
	cmd := exec.Command(built.program, "audit", "verify")
	cmd.Env = c.replicas[0].env
	if out, err := cmd.CombinedOutput(); err != nil {
		c.t.Errorf("the history does not hold: %v\n%s", err, out)
	}
}
