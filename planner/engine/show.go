package engine

import (
	"bytes"
	"context"
	"time"
)

// readWait is how long an engine gets to end that only reads: it has nothing to save.
const readWait = 3 * time.Second

// State returns the state that the root's backend keeps. It holds sensitive values in clear.
func (r *Root) State(ctx context.Context) ([]byte, error) {
	vars, err := r.earlyVars()
	if err != nil {
		return nil, &Error{Phase: PhaseShow, Err: err}
	}
	s := r.session
	s.interruptWait = readWait
	var out bytes.Buffer
	if err := s.run(ctx, PhaseShow, r.selected(), &out, append([]string{"state", "pull"}, vars...)...); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Show returns the JSON of a plan file. It holds sensitive values in clear.
func (r *Root) Show(ctx context.Context, planFile string) ([]byte, error) {
	var out bytes.Buffer
	if err := r.session.run(ctx, PhaseShow, r.selected(), &out, "show", "-json", "-no-color", planFile); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(out.Bytes()), nil
}
