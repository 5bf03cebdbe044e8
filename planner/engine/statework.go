package engine

import (
	"context"
	"errors"
)

// PushState makes a state file the newest state in the root's backend, under the backend's lock. The engine refuses one that does not
// come after the state that is there, unless it is forced.
func (r *Root) PushState(ctx context.Context, file string, force bool) error {
	args := []string{"state", "push"}
	if force {
		args = append(args, "-force")
	}
	return r.inited(ctx, PhasePush, args, file)
}

// ForceUnlock takes a lock from whoever holds it in the root's backend.
func (r *Root) ForceUnlock(ctx context.Context, lockID string) error {
	return r.inited(ctx, PhaseUnlock, []string{"force-unlock", "-force"}, lockID)
}

// inited runs a command on the state, after init when that is needed, and once more after it when the engine asks for it.
func (r *Root) inited(ctx context.Context, phase Phase, args []string, operand string) error {
	vars, err := r.earlyVars()
	if err != nil {
		return &Error{Phase: phase, Err: err}
	}
	args = append(append(args, vars...), "--", operand) // an operand is never taken for a flag
	ran, err := r.init(ctx, false)
	if err != nil {
		return err
	}
	err = r.session.run(ctx, phase, r.selected(), nil, args...)
	if failed := (*Error)(nil); !ran && errors.As(err, &failed) && failed.reinit && !failed.Canceled {
		if _, err := r.init(ctx, true); err != nil {
			return err
		}
		return r.session.run(ctx, phase, r.selected(), nil, args...)
	}
	return err
}
