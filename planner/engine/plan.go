package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// PlanOptions of one plan.
type PlanOptions struct {
	Out     string // plan file, absolute
	Lock    bool
	Destroy bool
}

// Plan inits when needed (and once more when the engine asks for it) and plans into opts.Out.
func (r *Root) Plan(ctx context.Context, opts PlanOptions) error {
	inited, err := r.init(ctx, false)
	if err != nil {
		return err
	}
	err = r.plan(ctx, opts)
	if failed := (*Error)(nil); !inited && errors.As(err, &failed) && failed.reinit && !failed.Canceled {
		if _, err := r.init(ctx, true); err != nil {
			return err
		}
		return r.plan(ctx, opts)
	}
	return err
}

func (r *Root) plan(ctx context.Context, opts PlanOptions) error {
	if err := os.Remove(opts.Out); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &Error{Phase: PhasePlan, Err: fmt.Errorf("remove an older plan file: %w", err)}
	}
	args := []string{"plan", "-json", "-input=false", fmt.Sprintf("-lock=%t", opts.Lock), "-out=" + opts.Out}
	if opts.Destroy {
		args = append(args, "-destroy")
	}
	vars, err := r.varArgs()
	if err != nil {
		return &Error{Phase: PhasePlan, Err: err}
	}
	args = append(append(args, r.parallelism()...), vars...)
	return r.session.run(ctx, PhasePlan, r.selected(), nil, args...)
}

func (r *Root) parallelism() []string {
	if r.opts.Parallelism <= 0 {
		return nil
	}
	return []string{fmt.Sprintf("-parallelism=%d", r.opts.Parallelism)}
}
