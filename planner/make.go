package planner

import (
	"context"
	"fmt"

	"github.com/driftlessops/driftless/planner/engine"
)

// Request is one plan that is to be made.
type Request struct {
	Root    *engine.Root
	Options engine.PlanOptions
	Parse   ParseOptions
}

// Make plans with the engine, and reads the result. Errors of the engine can be told apart as *engine.Error.
func Make(ctx context.Context, req Request) (*Plan, error) {
	if err := req.Root.Plan(ctx, req.Options); err != nil {
		return nil, err
	}
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
