package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

// VersionView is one version of a state as the API shows it.
type VersionView struct {
	Version   int64     `json:"version"`
	Serial    int64     `json:"serial"`
	Lineage   string    `json:"lineage"`
	Size      int       `json:"size"` // bytes
	Run       int64     `json:"run,omitempty"`
	CreatedAt time.Time `json:"created_at"`
}

// StateView is what a version of a state holds, with sensitive values hidden.
type StateView struct {
	Workspace string      `json:"workspace"`
	Version   VersionView `json:"version"`
	*planner.State
}

// StateChange is what a command did to a state, or queued.
type StateChange struct {
	Version *VersionView `json:"version,omitempty"` // that is the newest now
	Lock    *runner.Lock `json:"lock,omitempty"`    // that was taken away
	Runs    []RunView    `json:"runs"`
}

// stateRequest is what a command on a state asks for.
type stateRequest struct {
	Workspace workspaces.ID `json:"workspace"`
	Version   int64         `json:"version"`
	Run       int64         `json:"run"`
	Content   []byte        `json:"content"`
	Lock      string        `json:"lock"`
	Reason    string        `json:"reason"`
	Force     bool          `json:"force"`
}

// maxStateRequest limits a command on a state, in bytes: a state may have 256 MiB, and is sent as base64.
const maxStateRequest = 345 << 20

// states adds what is about states to the API.
func (a *API) states() {
	a.mux.HandleFunc("GET /v1/state", a.read(a.state))
	a.mux.HandleFunc("GET /v1/state/versions", a.read(a.stateVersions))
	a.mux.HandleFunc("GET /v1/state/rescued", a.rescued)
	a.mux.HandleFunc("POST /v1/state/pull", a.pullState)
	a.mux.HandleFunc("POST /v1/state/rollback", a.changeState(func(r *http.Request, ask stateRequest) (c StateChange, runs []runner.Run, err error) {
		v, runs, err := a.do.RollBack(r.Context(), ask.Workspace, ask.Version, ask.Reason, actor(r))
		return StateChange{Version: versionView(v)}, runs, err
	}))
	a.mux.HandleFunc("POST /v1/state/push", a.changeState(func(r *http.Request, ask stateRequest) (c StateChange, runs []runner.Run, err error) {
		push := runner.StatePush{Workspace: ask.Workspace, Content: ask.Content, RunID: ask.Run, Force: ask.Force, Reason: ask.Reason}
		v, runs, err := a.do.PushState(r.Context(), push, actor(r))
		return StateChange{Version: versionView(v)}, runs, err
	}))
	a.mux.HandleFunc("POST /v1/state/settle", a.changeState(func(r *http.Request, ask stateRequest) (c StateChange, runs []runner.Run, err error) {
		return c, nil, a.do.SettleRescued(r.Context(), ask.Run, ask.Reason, actor(r))
	}))
	a.mux.HandleFunc("POST /v1/state/unlock", a.changeState(func(r *http.Request, ask stateRequest) (c StateChange, runs []runner.Run, err error) {
		lock, runs, err := a.do.Unlock(r.Context(), runner.StateUnlock{Workspace: ask.Workspace, LockID: ask.Lock, Force: ask.Force, Reason: ask.Reason}, actor(r))
		return StateChange{Lock: &lock}, runs, err
	}))
}

func versionView(v runner.StateVersion) *VersionView {
	if v.Version == 0 {
		return nil
	}
	return &VersionView{Version: v.Version, Serial: v.Serial, Lineage: v.Lineage, Size: v.Size, Run: v.RunID, CreatedAt: v.CreatedAt}
}

// state answers what a version holds; the newest when none is asked for.
func (a *API) state(tx runner.Tx, r *http.Request) (any, error) {
	var version int64
	if text := r.FormValue("version"); text != "" {
		var err error
		if version, err = number(r, text); err != nil {
			return nil, err
		}
	}
	id := workspaces.ID(r.FormValue("workspace"))
	v, content, err := runner.Kept(tx, id, version)
	if err != nil {
		return nil, err
	}
	state, err := planner.ParseState(content, false)
	if err != nil {
		return nil, runner.UserError(fmt.Sprintf("%v: `driftless state pull` prints it as it is", err))
	}
	return StateView{Workspace: string(id), Version: *versionView(v), State: state}, nil
}

func (a *API) stateVersions(tx runner.Tx, r *http.Request) (any, error) {
	all, err := runner.KeptVersions(tx, workspaces.ID(r.FormValue("workspace")))
	return views(all, func(v runner.StateVersion) VersionView { return *versionView(v) }), err
}

func (a *API) rescued(w http.ResponseWriter, r *http.Request) {
	all, err := a.do.Rescued(r.Context())
	a.answer(w, r, all, err)
}

// pullState answers a state as it is. It is no GET: that it was given away is recorded.
func (a *API) pullState(w http.ResponseWriter, r *http.Request) {
	ask, err := readStateRequest(w, r)
	var content []byte
	switch {
	case err != nil:
	case ask.Run != 0:
		content, err = a.do.PullRescued(r.Context(), ask.Run, actor(r))
	default:
		content, err = a.do.PullState(r.Context(), ask.Workspace, ask.Version, actor(r))
	}
	if err != nil {
		a.answer(w, r, nil, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(content)
}

func readStateRequest(w http.ResponseWriter, r *http.Request) (ask stateRequest, err error) {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxStateRequest)).Decode(&ask); err != nil {
		return ask, runner.UserError(fmt.Sprintf("this cannot be read: %v", err))
	}
	return ask, nil
}

// changeState carries out a command on a state.
func (a *API) changeState(do func(r *http.Request, ask stateRequest) (StateChange, []runner.Run, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ask, err := readStateRequest(w, r)
		var done StateChange
		var runs []runner.Run
		if err == nil {
			done, runs, err = do(r, ask)
		}
		if err == nil {
			err = a.store.View(r.Context(), func(tx runner.Tx) error {
				done.Runs = views(runs, func(run runner.Run) RunView { return runView(tx, run) })
				return nil
			})
		}
		a.answer(w, r, done, err)
	}
}
