package runner

import (
	"encoding/json"
	"fmt"
	"sync"

	"github.com/driftlessops/driftless/planner"
)

// planMemory remembers plans that reports show: with hundreds of workspaces each plan that finishes renders all of them
// again, and reading one from the store costs more than showing it.
type planMemory struct {
	mu    sync.Mutex
	plans map[string]*planner.Plan
	bytes int
}

// maxPlanMemory is the most that is remembered, in bytes of JSON.
const maxPlanMemory = 32 << 20

// read returns the plan of a run. It must not be changed.
func (m *planMemory) read(tx Tx, run Run) (*planner.Plan, error) {
	key := fmt.Sprintf("%d %d", run.ID, run.PlannedAt.UnixMicro()) // a run that is taken up again plans anew
	m.mu.Lock()
	plan := m.plans[key]
	m.mu.Unlock()
	if plan != nil {
		return plan, nil
	}
	data, err := planBlob(tx, run.ID)
	if err != nil {
		return nil, err
	}
	plan = &planner.Plan{}
	if err := json.Unmarshal(data, plan); err != nil {
		return nil, fmt.Errorf("plan of run %d: %w", run.ID, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bytes += len(data); m.plans == nil || m.bytes > maxPlanMemory {
		m.plans, m.bytes = map[string]*planner.Plan{}, len(data)
	}
	m.plans[key] = plan
	return plan, nil
}
