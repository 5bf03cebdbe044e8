package runner

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/driftlessops/driftless/planner/engine"
	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/runner/forge/plaingit"
	"github.com/driftlessops/driftless/workspaces"
	"github.com/driftlessops/driftless/workspaces/gitrepo"
)

// watcher watches one repository.
type watcher struct {
	r        *Runner
	conf     workspaces.Repository
	lease    string // who holds it leads the repository
	mirror   *gitrepo.Mirror
	digester *workspaces.Digester

	forge  forge.Forge
	host   forge.Host // the same, when it has an API; nil on a plain Git server
	closed error      // why the mirror could not be opened; nil = it is open

	mu      sync.Mutex // one look at a time
	view    forge.View
	touched map[string]*touch // by the key of a pull request that is open
	tidy    time.Time         // when to look next whether the mirror is to be tidied

	waiting   map[int64]time.Time         // comments for which facts are missing, since they were read first
	silent    map[int64][sha256.Size]byte // texts of comments that ask for nothing; only of those that are read again
	strangers strangers

	issues     sync.Mutex // one look at the issues about drift at a time
	posts      *publisher
	access     atomic.Pointer[forge.Access]        // at the host, as of the last time it was asked
	queue      atomic.Pointer[map[string][]string] // heads of the forge's merge queue by the pull request that they end with
	queueKnown map[string]string                   // what is known of the heads of the merge queue, as of the last look
	tracked    atomic.Pointer[workspaces.Set]      // of the tracked branch, as last reconciled
	blocks     blockMemory                         // policy blocks by commit
	runSets    setMemory                           // workspaces of the trees that runs work on
	dirty      atomic.Bool                         // something was applied or asked for since
	applying   atomic.Int32                        // applies at work here
	hooked     chan struct{}                       // a webhook came: poll now
	kick       chan struct{}                       // reconcile now rather than at the next poll
	made       int64                               // which of the mirrors that were made in this place was filled last
	looked     time.Time                           // when it was last reconciled
	acted      bool                                // a comment was carried out since
	reruns     deliveries                          // of webhooks that asked to run a check again
	asked      time.Time                           // when the forge was last asked what driftless may do there
	stop       context.CancelFunc                  // ends what runs for it; nil: nothing does
}

// lookAnew is how often an idle repository is reconciled though nothing moved: freshness windows end by themselves.
const lookAnew = 5 * time.Minute

// touch says that a repository's workspaces changed by other means than Git.
func (w *watcher) touch() {
	w.dirty.Store(true)
	select {
	case w.kick <- struct{}{}:
	default:
	}
}

// pollNow polls at once rather than at the end of the interval. Webhooks that come together make one poll.
func (w *watcher) pollNow() {
	select {
	case w.hooked <- struct{}{}:
	default:
	}
}

var errNotPolled = errors.New("not polled yet")

// watch makes a watcher. A mirror that cannot be opened fails at every poll, and stops no other repository.
func (r *Runner) watch(ctx context.Context, conf workspaces.Repository) *watcher {
	w := &watcher{r: r, conf: conf, lease: r.leaseOf(conf.Name), waiting: map[int64]time.Time{}, silent: map[int64][sha256.Size]byte{}, strangers: newStrangers(), kick: make(chan struct{}, 1), hooked: make(chan struct{}, 1)}
	w.digester, w.posts = workspaces.NewDigester(r.engineVersion, w.resolveRef), newPublisher(w)
	w.mirror, w.closed = gitrepo.Open(ctx, gitrepo.Options{
		Dir: filepath.Join(r.opts.DataDir, "mirrors", MirrorName(conf.Name)), URL: conf.URL, Auth: w.auth, Logger: r.log,
	})
	if account := r.opts.Accounts[conf.Forge]; account != nil {
		w.host = account.Repository(conf.Path, w.mirror)
		w.forge = w.host
		return w
	}
	w.forge = plaingit.New(plaingit.Options{Mirror: w.mirror, Pattern: conf.Branches})
	return w
}

// auth is how Git asks the repository's server: with credentials of its own, or with the sign-in at the forge.
func (w *watcher) auth(ctx context.Context) (gitrepo.Auth, error) {
	if w.conf.Credentials == nil && w.host != nil && !strings.Contains(w.conf.URL, "@") && !strings.HasPrefix(w.conf.URL, "ssh:") {
		return w.host.Credentials(ctx)
	}
	return auth(ctx, w.conf.Credentials)
}

// refTimeout is how long the host of a module may take to say where a ref points.
const refTimeout = 20 * time.Second

// resolveRef finds the commit of a module's ref. The repository's own credentials go to its own host and no other.
func (w *watcher) resolveRef(ctx context.Context, url, ref string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, refTimeout)
	defer cancel()
	var a gitrepo.Auth
	if gitrepo.SameHost(url, w.conf.URL) {
		var err error
		if a, err = w.auth(ctx); err != nil {
			return "", err
		}
	}
	return gitrepo.ResolveRef(ctx, url, ref, a)
}

// engineVersion is what stands for the engine in an input digest: the one that is here already. Where none fits, the
// constraint stands for it: the run installs one or says what is missing, and the digest changes when it is there. Of several
// replicas one may have what another has not: where one version alone fits, that stands for it everywhere.
func (r *Runner) engineVersion(w *workspaces.Workspace) (string, error) {
	e, ok := r.opts.Finder.Known(engine.Kind(w.Engine), r.constraints(w))
	if version, exact := exactVersion(r.constraints(w)); !ok && exact && r.members.shared {
		return engine.Engine{Kind: engine.Kind(w.Engine), Version: version}.String(), nil // as where it is here
	} else if !ok {
		return w.Engine + " (missing) " + strings.Join(r.constraints(w), ", "), nil
	}
	return e.String(), nil
}

// exactly is a constraint that one version fits.
var exactly = regexp.MustCompile(`^=?\s*(\d+\.\d+\.\d+)$`)

// exactVersion is the one version that fits the constraints, if they name one.
func exactVersion(constraints []string) (version string, ok bool) {
	for _, c := range constraints {
		if m := exactly.FindStringSubmatch(strings.TrimSpace(c)); m != nil {
			return m[1], true
		}
	}
	return "", false
}

// auth resolves credentials at each use, so that a changed secret is seen.
func auth(ctx context.Context, c *workspaces.Credentials) (gitrepo.Auth, error) {
	if c == nil {
		return gitrepo.Auth{}, nil
	}
	a := gitrepo.Auth{Username: c.Username, KnownHosts: c.KnownHosts}
	if c.Password != nil {
		v, err := Secret(ctx, *c.Password)
		if err != nil {
			return a, fmt.Errorf("credentials: password: %w", err)
		}
		a.Password = v
	}
	if c.SSHKey != nil {
		v, err := Secret(ctx, *c.SSHKey)
		if err != nil {
			return a, fmt.Errorf("credentials: ssh_key: %w", err)
		}
		a.SSHKey = []byte(v + "\n")
	}
	return a, nil
}

// Secret returns the value that a reference names, without trailing newlines. An empty value is an error: it would be
// granted as if it were one.
func Secret(ctx context.Context, s workspaces.Secret) (string, error) {
	var value string
	switch {
	case s.Env != "":
		value = os.Getenv(s.Env)
	case s.File != "":
		data, err := os.ReadFile(s.File)
		if err != nil {
			return "", err
		}
		value = string(data)
	case len(s.Command) > 0:
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		out, err := exec.CommandContext(ctx, s.Command[0], s.Command[1:]...).Output()
		if err != nil {
			return "", fmt.Errorf("%s: %w", s.From(), err)
		}
		value = string(out)
	default:
		return "", errors.New("names no env, file or command")
	}
	value = strings.TrimRight(value, "\r\n")
	if value == "" {
		return "", fmt.Errorf("%s is empty or not set", s.From())
	}
	return value, nil
}

// loop polls until ctx is done. Failing polls are spaced out up to ten intervals.
func (w *watcher) loop(ctx context.Context) {
	failures := 0
	for {
		if err := w.poll(ctx); err != nil && ctx.Err() == nil {
			var broken *unread
			if failures = min(failures+1, 9); errors.As(err, &broken) {
				failures = 0 // somebody mends it
			}
			w.r.log.Error("poll failed", "repository", w.conf.Name, "error", err)
		} else {
			failures = 0
		}
		w.r.Wake()
		w.keepTidy(ctx)
		delay := w.conf.PollInterval * time.Duration(1+failures)
		if w.conf.PollJitter > 0 {
			delay += rand.N(w.conf.PollJitter)
		}
		if !w.rest(ctx, delay) {
			return
		}
	}
}

// hookPause is the least time between a poll and one that a webhook asks for: all of a minute's webhooks must not make a minute of
// polls.
const hookPause = time.Second

// Each of hundreds of applies that end one after the other asks for reconciling. It is done again after so many times as long as it
// took, and later while more are at work here, whose end asks for it anyway.
const (
	reconcilePause = 3
	applyingPause  = 10
	leastApplying  = time.Second
)

// applies counts the applies of this repository that are at work here.
func (w *watcher) applies(run Run, more int32) {
	if w != nil && run.Purpose == PurposeApply {
		w.applying.Add(more)
	}
}

// again is when it may be reconciled again that was reconciled at a moment, and took so long.
func (w *watcher) again(ended time.Time, took time.Duration) time.Time {
	if w.applying.Load() > 0 {
		return ended.Add(max(applyingPause*took, leastApplying))
	}
	return ended.Add(reconcilePause * took)
}

// rest waits for the next poll; what was applied meanwhile is reconciled before. It is false when ctx is done.
func (w *watcher) rest(ctx context.Context, delay time.Duration) bool {
	polled, next, again := time.Now(), time.NewTimer(delay), time.NewTimer(0)
	defer next.Stop()
	defer again.Stop()
	<-again.C
	var ended time.Time // when it was reconciled
	var took time.Duration
	for {
		select {
		case <-ctx.Done():
			return false
		case <-next.C:
			return true
		case <-w.hooked:
			next.Reset(max(0, time.Until(polled.Add(hookPause))))
		case <-w.kick:
			again.Reset(max(0, time.Until(w.again(ended, took))))
		case began := <-again.C:
			err := w.reconcile(ctx)
			ended, took = time.Now(), time.Since(began)
			if err != nil && ctx.Err() == nil && !errors.Is(err, errNotPolled) {
				w.r.log.Error("reconcile failed", "repository", w.conf.Name, "error", err)
			}
		}
	}
}

// poll asks the remote for its refs, fetches what is new and reconciles. A failure is kept on the repository's record.
func (w *watcher) poll(ctx context.Context) (err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	ctx, end := w.spanOf(ctx, "poll")
	defer func() {
		if ctx.Err() == nil {
			w.r.opts.Meter.Polled(w.conf.Name, err)
		}
		end(err)
	}()
	if w.closed != nil {
		return errors.Join(w.closed, w.note(ctx, w.closed))
	}
	err = w.checkAccess(ctx)
	moved := false
	if err == nil {
		moved, err = w.look(ctx)
	}
	if err == nil && (moved || w.dirty.Load() || time.Since(w.looked) > lookAnew) {
		err = w.reconcileLocked(ctx)
	}
	var broken *unread
	if err == nil || errors.As(err, &broken) {
		if failed := w.listen(ctx); failed != nil && ctx.Err() == nil {
			w.r.log.Warn("comments wait", "repository", w.conf.Name, "error", failed) // and are read again at the next poll
		}
		if w.acted {
			err = w.reconcileLocked(ctx)
		}
	}
	if errors.Is(err, errLookAgain) {
		return nil // dirty: at the next poll
	}
	if err != nil && ctx.Err() == nil {
		w.dirty.Store(true) // the next poll that succeeds says so
		return errors.Join(err, w.note(ctx, err))
	}
	return err
}

// reconcile derives what is due from what the last poll saw.
func (w *watcher) reconcile(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.view.Refs.All == nil {
		return errNotPolled
	}
	return w.reconcileLocked(ctx)
}

// look brings the mirror up to date with the remote, and reports whether any ref that matters moved.
func (w *watcher) look(ctx context.Context) (moved bool, err error) {
	ctx, end := w.spanOf(ctx, "look")
	defer func() { end(err) }()
	refs, err := w.mirror.Remote(ctx)
	if err != nil {
		w.gitFailed(ctx, "ls-remote")
		w.asked = time.Time{} // the forge says better what is wrong with the sign-in
		return false, err
	}
	view := forge.View{Refs: refs, Branch: orElse(w.conf.Branch, refs.Head)}
	if view.Branch == "" {
		return false, userError(fmt.Sprintf("%s is empty: push a first commit", redactURL(w.conf.URL)))
	}
	if refs.Branch(view.Branch) == "" {
		return false, fmt.Errorf("branch %q does not exist in %s: push it, or set branch in the repository block", view.Branch, redactURL(w.conf.URL))
	}
	if view.Open, err = w.forge.Poll(ctx, view); err != nil {
		return false, err
	}
	want := []string{"refs/heads/" + view.Branch}
	for _, pr := range view.Open {
		want = append(want, pr.Ref)
	}
	want = slices.AppendSeq(want, maps.Keys(queueHeads(view)))
	damaged, made := w.mirror.Doubted(), w.mirror.Made()
	for _, name := range want {
		if refs.All[name] == w.view.Refs.All[name] && !w.dirty.Load() && !damaged && made == w.made {
			continue // it was there, and nothing failed since: to ask Git for each of hundreds takes seconds
		}
		if damaged || w.mirror.Lacks(refs.All[name]) {
			if err := w.mirror.Fetch(ctx, refs, want); err != nil {
				w.gitFailed(ctx, "fetch")
				return false, err
			}
			break
		}
	}
	w.made = made
	moved = w.view.Branch != view.Branch || w.view.Refs.Branch(view.Branch) != refs.Branch(view.Branch) ||
		!slices.Equal(w.view.Open, view.Open) || !maps.Equal(queueHeads(w.view), queueHeads(view))
	w.view = view
	w.queue.Store(new(w.queued(ctx, view)))
	return moved, nil
}

// gitFailed counts a failure of Git, unless it is that of a process that ends.
func (w *watcher) gitFailed(ctx context.Context, operation string) {
	if ctx.Err() == nil {
		w.r.opts.Meter.GitFailed(w.conf.Name, operation)
	}
}

// note keeps the failure of a poll where people look.
func (w *watcher) note(ctx context.Context, failure error) error {
	return w.update(ctx, func(tx Tx, j *journal) error {
		rec, err := tx.Repository(w.conf.Name)
		if errors.Is(err, ErrNotFound) {
			rec, err = Repository{Name: w.conf.Name, URL: redactURL(w.conf.URL), Branch: w.view.Branch}, nil
		}
		if err != nil || rec.Error == failure.Error() {
			return err
		}
		rec.Error = failure.Error()
		if err := tx.PutRepository(rec); err != nil {
			return err
		}
		return j.add(Event{Kind: "poll failed", Repository: rec.Name, Message: rec.Error})
	})
}

// pathKey makes a name safe as one element of a path, and keeps different names different.
func pathKey(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '.' && b.Len() > 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "_%02x", c)
		}
	}
	return b.String()
}
