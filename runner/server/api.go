package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

// API is what the CLI asks: JSON over HTTP, on the Unix socket in the data directory.
type API struct {
	store  runner.Store
	do     *runner.Commander
	logger *slog.Logger
	mux    *http.ServeMux
}

// NewAPI returns the API over a store. Commands go through the commander.
func NewAPI(store runner.Store, do *runner.Commander, logger *slog.Logger) *API {
	a := &API{store: store, do: do, logger: logger, mux: http.NewServeMux()}
	a.mux.HandleFunc("GET /v1/repositories", a.read(a.repositories))
	a.mux.HandleFunc("POST /v1/repositories/{name}/acknowledge", a.acknowledge)
	a.mux.HandleFunc("GET /v1/replicas", a.read(func(tx runner.Tx, _ *http.Request) (any, error) { return replicaViews(tx) }))
	a.mux.HandleFunc("GET /v1/workspaces", a.read(a.workspaces))
	a.mux.HandleFunc("GET /v1/runs", a.read(a.runs))
	a.mux.HandleFunc("GET /v1/runs/{id}", a.read(a.run))
	a.mux.HandleFunc("GET /v1/runs/{id}/plan", a.read(a.plan))
	a.mux.HandleFunc("GET /v1/runs/{id}/plan.json", a.artifact("plan.json", "application/json"))
	a.mux.HandleFunc("GET /v1/runs/{id}/log", a.artifact("log", "text/plain; charset=utf-8"))
	a.mux.HandleFunc("POST /v1/runs/{id}/approve", a.approve)
	a.mux.HandleFunc("POST /v1/runs/{id}/resume", a.resume)
	a.mux.HandleFunc("POST /v1/runs/{id}/discard", a.discard)
	a.mux.HandleFunc("POST /v1/runs/{id}/cancel", a.cancel)
	a.mux.HandleFunc("POST /v1/drift", a.drift)
	a.mux.HandleFunc("GET /v1/pulls", a.read(a.pulls))
	a.mux.HandleFunc("GET /v1/pulls/{id}", a.read(a.pull))
	a.mux.HandleFunc("GET /v1/events", a.read(a.events))
	a.mux.HandleFunc("GET /v1/audit", a.read(a.audit))
	a.mux.HandleFunc("GET /v1/audit/records", a.read(a.auditRecords))
	a.mux.HandleFunc("GET /v1/audit/changes", a.read(a.auditChanges))
	a.mux.HandleFunc("GET /v1/history", a.read(a.history))
	if ring, ok := store.(runner.Keyring); ok {
		a.serveKeys(ring)
	}
	a.states()
	return a
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

type actorKey struct{}

// WithActor says who asks, in a request's context.
func WithActor(ctx context.Context, actor string) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

func actor(r *http.Request) string {
	if who, ok := r.Context().Value(actorKey{}).(string); ok && who != "" {
		return who
	}
	return "unknown"
}

// read wraps a query: its value becomes the JSON answer.
func (a *API) read(query func(tx runner.Tx, r *http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var value any
		err := a.store.View(r.Context(), func(tx runner.Tx) (err error) {
			value, err = query(tx, r)
			return err
		})
		a.answer(w, r, value, err)
	}
}

// answer writes a value, or what went wrong as {"error": …}.
func (a *API) answer(w http.ResponseWriter, r *http.Request, value any, err error) {
	status := http.StatusOK
	var user runner.UserError
	switch {
	case errors.As(err, &user):
		status = http.StatusUnprocessableEntity
	case errors.Is(err, runner.ErrNotFound):
		status = http.StatusNotFound
	case err != nil:
		status = http.StatusInternalServerError
		a.logger.Error("api", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	if err != nil {
		text := err.Error()
		if r.Method == http.MethodPost && (errors.Is(err, runner.ErrUnavailable) || errors.Is(err, runner.ErrFull)) {
			text += ". What you asked for is not on record: ask for it again then"
		}
		value = map[string]string{"error": text}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}

func number(r *http.Request, text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, runner.UserError(fmt.Sprintf("%q is not a number", text))
	}
	return n, nil
}

func limit(r *http.Request, most int) int {
	if n, err := strconv.Atoi(r.FormValue("limit")); err == nil && n > 0 && n < most {
		return n
	}
	return most
}

func (a *API) repositories(tx runner.Tx, _ *http.Request) (any, error) {
	return repositoryViews(tx)
}

func (a *API) workspaces(tx runner.Tx, r *http.Request) (any, error) {
	filter := runner.WorkspaceFilter{Repository: r.FormValue("repository"), Sync: runner.Sync(r.FormValue("sync"))}
	all, err := tx.Workspaces(filter)
	if err != nil {
		return nil, err
	}
	locks, err := heldLocks(tx)
	return views(all, func(w runner.Workspace) WorkspaceView { return workspaceView(tx, w, locks) }), err
}

func (a *API) runs(tx runner.Tx, r *http.Request) (any, error) {
	filter := runner.RunFilter{
		Repository: r.FormValue("repository"), Workspace: workspaces.ID(r.FormValue("workspace")), Limit: limit(r, 1000),
	}
	for _, s := range r.Form["status"] {
		filter.Statuses = append(filter.Statuses, runner.Status(s))
	}
	for _, p := range r.Form["purpose"] {
		filter.Purposes = append(filter.Purposes, runner.Purpose(p))
	}
	if before := r.FormValue("before"); before != "" {
		n, err := number(r, before)
		if err != nil {
			return nil, err
		}
		filter.Before = n
	}
	all, err := tx.Runs(filter)
	return views(all, func(run runner.Run) RunView { return runView(tx, run) }), err
}

func (a *API) run(tx runner.Tx, r *http.Request) (any, error) {
	id, err := number(r, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	left, unread := a.do.LeftBy(tx, id)
	if unread != nil {
		return nil, unread
	}
	run, err := tx.Run(id)
	if errors.Is(err, runner.ErrNotFound) && left != nil {
		return nil, runner.UserError(fmt.Sprintf("run %d is not on record, as after a backup from before it was put back. What its apply left is: %s", id, left.Continues))
	} else if err != nil {
		return nil, missing(err, "run", id)
	}
	view := runView(tx, run)
	if view.Pulls, err = pullsOf(tx, run); err != nil {
		return nil, err
	}
	if view.Late, err = runner.LateResult(tx, id); err != nil {
		return nil, err
	}
	view.Left = left
	return view, nil
}

func missing(err error, what string, id any) error {
	if errors.Is(err, runner.ErrNotFound) {
		return fmt.Errorf("%s %v: %w", what, id, err)
	}
	return err
}

// gone says why an artifact is not there: it was removed for its age, or cannot be read, or there never was one.
func gone(tx runner.Tx, err error, name string, id int64) error {
	if errors.Is(err, runner.ErrDamaged) {
		return runner.UserError(fmt.Sprintf("the %s of run %d is damaged: %v. Nothing that driftless does depends on it; a backup may hold it whole", name, id, err))
	} else if !errors.Is(err, runner.ErrNotFound) {
		return err
	}
	run, failed := tx.Run(id)
	made := run.PlannedAt
	if name == "log" {
		made = run.FinishedAt
	}
	none := name == "plan" && run.Purpose == runner.PurposeDrift && run.Status == runner.Unchanged
	if failed == nil && !made.IsZero() && !none && time.Since(made) > 24*time.Hour {
		return runner.UserError(fmt.Sprintf("the %s of run %d is not kept any more: retention in the configuration says for how long", name, id))
	}
	return missing(err, name+" of run", id)
}

// plan answers the plan of a run: planner.Plan.
func (a *API) plan(tx runner.Tx, r *http.Request) (any, error) {
	id, err := number(r, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	data, err := tx.Blob(runner.BlobKey(id, "plan"))
	if err != nil {
		return nil, gone(tx, err, "plan", id)
	}
	var plan planner.Plan
	return &plan, json.Unmarshal(data, &plan)
}

// artifact answers one artifact of a run as it is.
func (a *API) artifact(name, contentType string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var data []byte
		id, err := number(r, r.PathValue("id"))
		if err == nil {
			err = a.store.View(r.Context(), func(tx runner.Tx) (err error) {
				data, err = tx.Blob(runner.BlobKey(id, name))
				return gone(tx, err, name, id)
			})
		}
		if err != nil {
			a.answer(w, r, nil, err)
			return
		}
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(data)
	}
}

func (a *API) pulls(tx runner.Tx, r *http.Request) (any, error) {
	all, err := tx.Pulls(runner.PullFilter{
		Repository: r.FormValue("repository"), Key: r.FormValue("key"), State: runner.PullState(r.FormValue("state")), Limit: limit(r, 1000),
	})
	return views(all, pullView), err
}

func (a *API) pull(tx runner.Tx, r *http.Request) (any, error) {
	id, err := number(r, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	p, err := tx.Pull(id)
	if err != nil {
		return nil, missing(err, "pull request", id)
	}
	view := pullView(p)
	report, err := tx.Report(id)
	if err != nil && !errors.Is(err, runner.ErrNotFound) {
		return nil, err
	}
	view.Report = report.Pages
	return view, nil
}

func (a *API) events(tx runner.Tx, r *http.Request) (any, error) {
	filter := runner.EventFilter{
		Repository: r.FormValue("repository"), Workspace: workspaces.ID(r.FormValue("workspace")), Kind: r.FormValue("kind"), Limit: limit(r, 1000),
	}
	if run := r.FormValue("run"); run != "" {
		n, err := number(r, run)
		if err != nil {
			return nil, err
		}
		filter.RunID = n
	}
	all, err := tx.Events(filter)
	return views(all, eventView), err
}

func views[T, V any](all []T, view func(T) V) []V {
	out := make([]V, len(all))
	for i, v := range all {
		out[i] = view(v)
	}
	return out
}

func (a *API) approve(w http.ResponseWriter, r *http.Request) { a.onRun(w, r, a.do.Approve) }

func (a *API) cancel(w http.ResponseWriter, r *http.Request) { a.onRun(w, r, a.do.Cancel) }

func (a *API) resume(w http.ResponseWriter, r *http.Request) { a.decide(w, r, a.do.Resume) }

func (a *API) discard(w http.ResponseWriter, r *http.Request) {
	a.decide(w, r, func(ctx context.Context, id int64, d runner.Decision) (runner.Run, error) {
		return runner.Run{}, a.do.Discard(ctx, id, d)
	})
}

// decide takes why, and whether the person is sure, as {"reason": …, "force": …}.
func (a *API) decide(w http.ResponseWriter, r *http.Request, command func(context.Context, int64, runner.Decision) (runner.Run, error)) {
	var ask struct {
		Reason string `json:"reason"`
		Force  bool   `json:"force"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&ask); err != nil && !errors.Is(err, io.EOF) {
		a.answer(w, r, nil, runner.UserError("the request is not JSON: "+err.Error()))
		return
	}
	a.onRun(w, r, func(ctx context.Context, id int64, who string) (runner.Run, error) {
		return command(ctx, id, runner.Decision{Actor: who, Reason: ask.Reason, Sure: ask.Force})
	})
}

// onRun carries out a command about one run, and answers the run that comes of it.
func (a *API) onRun(w http.ResponseWriter, r *http.Request, command func(ctx context.Context, id int64, actor string) (runner.Run, error)) {
	id, err := number(r, r.PathValue("id"))
	var next runner.Run
	if err == nil {
		next, err = command(r.Context(), id, actor(r))
	}
	var queued []runner.Run
	if next.ID != 0 {
		queued = append(queued, next)
	}
	a.commanded(w, r, queued, err)
}

func (a *API) drift(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Workspaces []workspaces.ID `json:"workspaces"`
	}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 16<<20)).Decode(&ask)
	var queued []runner.Run
	if err == nil {
		queued, err = a.do.CheckDrift(r.Context(), ask.Workspaces, actor(r))
	}
	a.commanded(w, r, queued, err)
}

func (a *API) acknowledge(w http.ResponseWriter, r *http.Request) {
	a.commanded(w, r, nil, a.do.Acknowledge(r.Context(), r.PathValue("name"), actor(r)))
}

// commanded answers the runs that a command queued.
func (a *API) commanded(w http.ResponseWriter, r *http.Request, runs []runner.Run, err error) {
	if err != nil {
		a.answer(w, r, nil, err)
		return
	}
	a.read(func(tx runner.Tx, _ *http.Request) (any, error) {
		return views(runs, func(run runner.Run) RunView { return runView(tx, run) }), nil
	})(w, r)
}
