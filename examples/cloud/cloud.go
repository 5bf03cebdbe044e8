// Package cloud is a simulated cloud: an HTTP service over a JSON file, as awkward as real clouds are. Every create makes a
// new object, what it does is in a journal before it answers, and it can be told to be slow, inconsistent, limited or broken.
package cloud

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
)

// Options are what a Cloud is made with.
type Options struct {
	Path   string       // the state file; required. The journal lies beside it, at Path + ".journal"
	Addr   string       // where Start listens; default 127.0.0.1:0
	Token  string       // when set, every request needs "Authorization: Bearer TOKEN"
	Faults Faults       // how awkward it is from the beginning
	Logger *slog.Logger // default: discard
}

// Cloud is a simulated cloud. It is an http.Handler, safe for concurrent use; only one may be open on a state file.
type Cloud struct {
	path   string
	token  string
	logger *slog.Logger
	mux    *http.ServeMux
	faults *injector

	mu     sync.Mutex
	state  state
	hidden map[string]*hiding // objects that reads do not see yet, by id
	grown  chan struct{}      // closed and replaced when the journal grows
}

// New opens the cloud whose state is in Options.Path, or makes an empty one. What the journal has and the state file has
// not, because the process was killed between the two, is recovered.
func New(o Options) (*Cloud, error) {
	if o.Path == "" {
		return nil, errors.New("open cloud: Options.Path is required")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	st, err := loadState(o.Path)
	if err != nil {
		return nil, fmt.Errorf("open cloud %s: %w", o.Path, err)
	}
	c := &Cloud{
		path: o.Path, token: o.Token, logger: o.Logger,
		faults: newInjector(o.Faults), state: st, hidden: map[string]*hiding{}, grown: make(chan struct{}),
	}
	c.mux = c.routes()
	return c, nil
}

// Objects returns copies of all objects, by kind and then in the order of creation, with secret attributes in clear.
func (c *Cloud) Objects() []Object {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.list(func(Object) bool { return true })
}

// Faults returns the faults that are left: a rule that has fired as often as it should is gone.
func (c *Cloud) Faults() Faults { return c.faults.current() }

// SetFaults replaces all faults, and begins to count anew; every object there is can be seen. The zero value heals the cloud.
func (c *Cloud) SetFaults(f Faults) {
	c.mu.Lock()
	clear(c.hidden)
	c.mu.Unlock()
	c.faults.set(f)
}
