// Package planner says what would change: it plans a workspace and turns the engine's plan into a Plan, a value
// with a summary, redacted JSON, change digests and drift causes, that holds no sensitive value.
package planner

import "encoding/json"

// Plan is the result of planning. It holds no sensitive value.
type Plan struct {
	Engine   string          `json:"engine"` // "terraform 1.11.4"
	Summary  Summary         `json:"summary"`
	Changes  []Change        `json:"changes"` // resources, then actions, then outputs; of each the riskiest action first, then by address
	Digest   string          `json:"digest"`  // of the set of change digests
	Drift    []DriftedObject `json:"drift,omitempty"`
	Volatile []string        `json:"volatile,omitempty"` // changed paths left out of the digests, as "ADDRESS:path"
	Warnings []string        `json:"warnings,omitempty"`
	Errored  bool            `json:"errored,omitempty"`
	JSON     json.RawMessage `json:"-"` // redacted plan JSON, as policies and users see it
	Checks   Checks          `json:"-"` // as the engine evaluated them with what is planned
	Secrets  []string        `json:"-"` // sensitive values found, for masking; never leaves the process
	File     string          `json:"-"` // plan file, in the run's own directory
}

// Digests returns the change digests by change key (kind, address and deposed key).
func (p *Plan) Digests() map[string]string {
	digests := make(map[string]string, len(p.Changes))
	for _, c := range p.Changes {
		digests[c.Key()] = c.Digest
	}
	return digests
}
