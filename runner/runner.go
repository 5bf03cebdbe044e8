package runner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/driftlessops/driftless/planner/engine"
	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/workspaces"
)

// StateAccess lets an engine that plans read a state that driftless keeps: environment for its HTTP backend, until revoke.
type StateAccess func(id workspaces.ID, run Run) (env map[string]string, revoke func())

// Options of a Runner.
type Options struct {
	Config    *workspaces.Config
	DataDir   string // mirrors, checkouts, engines' data directories
	Store     Store
	Key       []byte // HMAC key for digests of sensitive values
	Finder    *engine.Finder
	Providers *engine.ProviderCache
	State     StateAccess
	// Environment replaces what identities grant; nil: the configuration's identities.
	Environment func(ctx context.Context, w *workspaces.Workspace, apply bool) (map[string]string, error)
	Accounts    map[string]forge.Account   // by the name of their block
	Notify      func(Event)                // called after an event was recorded; may be nil
	Progress    func(Run, engine.Progress) // what the engine says while it works; may be nil
	Meter       Meter                      // nil: nothing is counted
	Tracer      trace.Tracer               // nil: nothing is traced
	Short       func() string              // why no run may begin now, such as a disk that is nearly full; "" = nothing; may be nil
	// Memory says how much memory engines may still take here, in bytes; nil: asks the kernel.
	Memory func() (available int64, known bool)
	Logger *slog.Logger

	Shared  bool          // other processes may work on the same store
	Kind    string        // Serve or Worker; "" = Serve
	Version string        // of driftless, for people
	Takes   Selector      // of which workspaces runs are taken
	Lease   time.Duration // how long a replica that does not answer keeps what is its own; 0 = 12 s
}

// Runner watches repositories and works through their runs.
type Runner struct {
	opts      Options
	log       *slog.Logger
	members   *membership
	checkouts *checkouts
	policies  *policyCache
	wake      chan struct{}
	limit     int
	reports   turns // one rendering of a pull request's report at a time
	workDirs  keyed // one run at a time in a work directory
	memory    *memory
	served    served

	watching  watching
	finding   sync.Mutex // one repository at a time is taken up that another replica found
	tidying   sync.Mutex // one mirror at a time
	plans     planMemory
	progress  progress
	recovered atomic.Bool // what an earlier process left is taken up
	stopping  atomic.Bool // nothing new is begun any more

	passing   atomic.Bool // it makes a single pass
	passBegan time.Time   // of a single pass

	mu      sync.Mutex
	cancels map[int64]context.CancelCauseFunc // of the runs this process works on
	later   map[int64]time.Time               // queued runs that are not taken up before

	adopted []func() // applies of an earlier process
	orphans orphans
}

// New returns a Runner. It opens the mirrors, and contacts no remote.
func New(ctx context.Context, opts Options) (*Runner, error) {
	if opts.Config == nil || opts.Store == nil || opts.DataDir == "" || opts.Finder == nil || opts.State == nil || len(opts.Key) == 0 {
		return nil, errors.New("runner: Config, Store, DataDir, Finder, State and Key are required")
	}
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	if opts.Meter == nil {
		opts.Meter = unmetered{}
	}
	if opts.Tracer == nil {
		opts.Tracer = noop.NewTracerProvider().Tracer("")
	}
	r := &Runner{
		opts: opts, log: opts.Logger,
		checkouts: newCheckouts(filepath.Join(opts.DataDir, "checkouts")),
		policies:  newPolicyCache(),
		wake:      make(chan struct{}, 1),
		limit:     opts.Config.Concurrency,
		cancels:   map[int64]context.CancelCauseFunc{},
		later:     map[int64]time.Time{},
	}
	var err error
	if r.members, err = newMembership(r); err != nil {
		return nil, fmt.Errorf("runner: %w", err)
	}
	if opts.Memory == nil {
		opts.Memory = freeMemory
	}
	r.memory = &memory{dir: runsDir(opts.DataDir), log: r.log, free: opts.Memory, under: map[int64]*taking{}, took: map[workspaces.ID]used{}}
	if r.limit <= 0 {
		r.limit = runtime.NumCPU()
	}
	if r.opts.Environment == nil {
		r.opts.Environment = r.identities
	}
	for _, conf := range opts.Config.Repositories {
		if conf.Forge != "" && opts.Accounts[conf.Forge] == nil {
			return nil, fmt.Errorf("runner: repository %s: Accounts lacks the forge %s", conf.Name, conf.Forge)
		}
		if conf.Pattern == "" {
			r.watching.add(r.watch(ctx, conf))
		}
	}
	return r, nil
}

// Run polls and works until ctx is done. Then it claims nothing more, hands plans back, and lets an apply finish.
func (r *Runner) Run(ctx context.Context) error {
	var quit func()
	err := r.recover(ctx)
	if err == nil {
		err = r.await(ctx, func() (err error) {
			quit, err = r.members.join(ctx, r.lead(ctx))
			return err
		})
	}
	if err != nil && ctx.Err() != nil {
		return nil // it is to stop before it began
	} else if err != nil {
		return err
	}
	defer quit()
	defer context.AfterFunc(ctx, r.members.leave)()
	r.recovered.Store(true)
	defer context.AfterFunc(ctx, func() { r.stopping.Store(true) })()
	var group sync.WaitGroup
	group.Go(func() { r.schedule(ctx) })
	group.Go(func() { r.reportLate(ctx) })
	r.work(ctx)
	group.Wait()
	r.endOrphans()
	return nil
}

// Once makes one full pass: it polls every repository, works until nothing is left to do, and returns. Repositories that
// could not be polled are in the error; the others were done.
func (r *Runner) Once(ctx context.Context) error {
	r.passBegan = time.Now()
	r.passing.Store(true)
	if err := r.recover(ctx); err != nil {
		return err
	}
	var quit func()
	err := r.await(ctx, func() (err error) {
		quit, err = r.members.join(ctx, func(string) *leading {
			on, stop := context.WithCancel(context.Background())
			return &leading{stop: stop, done: on.Done()}
		})
		return err
	})
	if err != nil {
		return err
	}
	defer quit()
	var problems []error
	for _, conf := range r.patterns() {
		if !r.leads(conf.Name) {
			continue
		}
		if err := r.findNew(ctx, conf); err != nil {
			problems = append(problems, fmt.Errorf("repository %s: %w", conf.Name, err))
		}
	}
	if led := r.leading(); len(led) < len(r.watching.all()) {
		r.log.Warn("other replicas lead repositories: this pass works on their runs, and looks only at those that it leads itself", "leads", len(led))
	}
	for _, w := range r.leading() {
		if err := w.poll(ctx); err != nil {
			problems = append(problems, fmt.Errorf("repository %s: %w", w.conf.Name, err))
		}
	}
	if err := r.queueDueDrift(ctx, time.Now()); err != nil {
		problems = append(problems, err)
	}
	var adopted sync.WaitGroup
	waited := false
	for _, follow := range r.takeAdopted() {
		adopted.Go(follow)
	}
	defer func() { adopted.Wait(); r.endOrphans() }()
	for ctx.Err() == nil {
		if r.drain(ctx) == 0 {
			if waited {
				break
			}
			adopted.Wait()
			waited = true
		}
		// An apply changes what open pull requests would do and what waits for it.
		for _, w := range r.leading() {
			if err := w.reconcile(ctx); err != nil && !errors.Is(err, errNotPolled) {
				problems = append(problems, fmt.Errorf("repository %s: %w", w.conf.Name, err))
			}
		}
	}
	problems = append(problems, r.reportAll(ctx, r.progress.late(time.Now().Add(mostPace))))
	for _, w := range r.leading() {
		if err := w.publishAll(ctx); err != nil {
			problems = append(problems, fmt.Errorf("repository %s: the forge does not show everything yet: %w", w.conf.Name, err))
		}
		w.keepTidy(ctx)
	}
	return errors.Join(append(problems, ctx.Err())...)
}

// Wake makes workers look for new runs at once.
func (r *Runner) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Told takes up what a command recorded: it tells of the events and looks for new runs.
func (r *Runner) Told(events []Event) {
	r.told(context.Background(), events)
	r.heed(events)
	r.moved(context.Background(), events)
	for _, w := range r.watching.all() {
		w.touch()
	}
	r.Wake()
}

// told tells of events once their transaction is kept.
func (r *Runner) told(ctx context.Context, events []Event) {
	r.members.tell(events)
	ctx = context.WithoutCancel(ctx)
	keys := map[int64]string{} // of pull requests
	for _, e := range events {
		if _, known := keys[e.PullID]; !known {
			keys[e.PullID] = r.pullKey(ctx, e.PullID)
		}
		about := subject(e.Repository, string(e.Workspace), e.RunID, e.Commit, keys[e.PullID])
		r.log.Log(ctx, r.loudness(e), e.Kind, slices.Concat(about, []any{"message", e.Message}, wrong(e), inTrace(ctx))...)
		r.opts.Meter.Recorded(e)
		if r.opts.Notify != nil {
			r.opts.Notify(e)
		}
	}
}

// update runs f in a transaction with a journal, and tells of its events when they are kept.
func (r *Runner) update(ctx context.Context, f func(tx Tx, j *journal) error) error {
	var j *journal
	err := r.opts.Store.Update(ctx, func(tx Tx) error {
		j = &journal{tx: tx}
		return f(tx, j)
	})
	if err != nil {
		return err
	}
	for _, run := range j.runs {
		r.opts.Meter.Moved(run)
	}
	r.told(ctx, j.events)
	return nil
}

// journal writes events in a transaction and keeps them for telling.
type journal struct {
	tx     Tx
	events []Event
	runs   []Run                  // that the events are about
	about  map[string][]PullFacts // see pullsOf
}

func (j *journal) add(e Event) error {
	if e.Actor == "" {
		e.Actor = Self
	}
	if e.Data == nil {
		facts, err := factsFor(j.tx, e)
		if err != nil {
			return fmt.Errorf("record %s: %w", e.Kind, err)
		}
		e.Data = facts
	}
	if err := j.tx.Append(&e); err != nil {
		return fmt.Errorf("record %s: %w", e.Kind, err)
	}
	j.events = append(j.events, e)
	return nil
}

// tell says that the reports of pull requests are to tell of the newest event.
func (j *journal) tell(pulls ...int64) error {
	e := j.events[len(j.events)-1]
	for _, id := range pulls {
		if err := j.tx.PutNews(News{PullID: id, Repository: e.Repository, EventID: e.ID}); err != nil {
			return err
		}
	}
	return nil
}

// run appends an event about a run. What became of an apply is news for the pull requests that show it.
func (j *journal) run(kind string, run Run, message string) error {
	return j.runWith(kind, run, message, nil)
}

// runWith is run with the resources that the run changed.
func (j *journal) runWith(kind string, run Run, message string, changed *Changed) error {
	pulls, err := j.pullsOf(run)
	if err != nil {
		return fmt.Errorf("record %s of run %d: %w", kind, run.ID, err)
	}
	facts := Facts{Run: factsOfRun(run), PullRequests: pulls, Changed: changed}
	err = j.add(Event{
		Kind: kind, Actor: run.Actor, Repository: run.Repository, Workspace: run.Workspace,
		RunID: run.ID, PullID: run.PullID, Commit: run.Commit, Message: message, Data: facts.JSON(),
	})
	j.runs = append(j.runs, run)
	if err != nil || run.Purpose != PurposeApply || run.Status == Queued || run.Status.Active() || run.Status == Ready {
		return err
	}
	showing, err := showing(j.tx, run)
	if err != nil {
		return err
	}
	return j.tell(showing...)
}

// pullsOf are the facts of the pull requests that a run is about. They are read once for all events of a transaction: whatever
// changes them is written before what it makes of their runs.
func (j *journal) pullsOf(run Run) ([]PullFacts, error) {
	key := fmt.Sprint(run.PullID)
	if run.PullID == 0 {
		key = fmt.Sprintf("of run %d: %q", run.ID, run.Reviewers)
	}
	if known, ok := j.about[key]; ok {
		return known, nil
	}
	pulls, err := PullsOf(j.tx, run)
	if err != nil {
		return nil, err
	}
	if j.about == nil {
		j.about = map[string][]PullFacts{}
	}
	j.about[key] = factsOfPulls(pulls)
	return j.about[key], nil
}
