package planner

import (
	"context"
	"fmt"
	"os"

	"github.com/driftlessops/driftless/planner/engine"
)

// Request is one plan that is to be made.
type Request struct {
	Root    *engine.Root
	Options engine.PlanOptions
	Parse   ParseOptions
}

// Make plans with the engine, and reads the result. Errors of the engine can be told apart as *engine.Error. With the error of a
// check for drift comes what the engine had found by then, if it left that: a condition that does not hold may be the error.
func Make(ctx context.Context, req Request) (*Plan, error) {
	if err := req.Root.Plan(ctx, req.Options); err != nil {
		if _, none := os.Stat(req.Options.Out); none != nil || !req.Parse.Drift {
			return nil, err
		}
		partial, _ := read(ctx, req)
		return partial, err
	}
	return read(ctx, req)
}

// read reads a plan file that the engine left.
func read(ctx context.Context, req Request) (*Plan, error) {
	raw, err := req.Root.Show(ctx, req.Options.Out)
	if err != nil {
		return nil, err
	}
	plan, err := Parse(raw, req.Parse)
	if err != nil {
		return nil, fmt.Errorf("read the plan of %s: %w", req.Parse.Engine, err)
	}
	plan.File = req.Options.Out
	return plan, nil
}
