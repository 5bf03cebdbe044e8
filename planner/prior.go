package planner

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
)

// Prior is the state that a plan was made from, as far as it tells one state from another.
type Prior struct {
	Lineage string `json:"lineage,omitempty"` // "" for a state that does not exist yet
	Serial  int64  `json:"serial,omitempty"`
	Exists  bool   `json:"exists,omitempty"` // something was applied: there must be a state, though its lineage is not known yet
	// Replaced says, for people, that a person put another state in the place of the one that was seen: whatever a plan from it
	// changes is held until somebody approves that.
	Replaced string `json:"replaced,omitempty"`
	// Made are the resources that an apply created, or may have created, which did not end well: the state may not know them.
	Made []string `json:"made,omitempty"`
	// ReplacedAfter is the newest run of the workspace then: what was found before says nothing of the state that is there now.
	ReplacedAfter int64 `json:"replaced_after,omitempty"`
}

// ReadPrior reads the prior state's identity from a plan file. A plan file that OpenTofu encrypted, or one of a form that
// is not known, gives ok == false.
func ReadPrior(planFile string) (p Prior, ok bool, err error) {
	state, err := priorState(planFile)
	if err != nil || state == nil || json.Unmarshal(state, &p) != nil {
		return Prior{}, false, err
	}
	return p, true, nil
}

// priorState is the state that a plan was made from, as it was refreshed; nil: there is no telling.
func priorState(planFile string) ([]byte, error) {
	archive, err := zip.OpenReader(planFile)
	if errors.Is(err, zip.ErrFormat) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("plan file: %w", err)
	}
	defer func() { _ = archive.Close() }()
	state, err := archive.Open("tfstate")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("plan file: %w", err)
	}
	defer func() { _ = state.Close() }()
	content, err := io.ReadAll(state)
	if err != nil {
		return nil, fmt.Errorf("plan file: %w", err)
	}
	return content, nil
}

// Known are those of Made that a state knows when a plan from it was carried out, or had nothing to do.
func (p Prior) Known(plan *Plan) ([]string, error) {
	if len(p.Made) == 0 {
		return nil, nil
	}
	content, err := priorState(plan.File)
	if err != nil {
		return nil, err
	}
	knows := map[string]bool{}
	if state, err := ParseState(content, true); err == nil { // of one that cannot be read only the plan is known
		for _, r := range state.Resources {
			knows[r.Address] = knows[r.Address] || r.Deposed == ""
		}
	}
	for _, c := range plan.Changes {
		if c.Kind == KindResource && c.Deposed == "" {
			knows[c.Address], knows[c.PreviousAddress] = true, true
		}
	}
	return slices.DeleteFunc(slices.Clone(p.Made), func(address string) bool { return !knows[address] }), nil
}

// Twice says what a plan from a state would create a second time, or "".
func (p Prior) Twice(plan *Plan) string {
	made := map[string]bool{}
	for _, address := range p.Made {
		made[address] = true
	}
	var twice []string
	for _, c := range plan.Changes {
		if c.Kind != KindOutput && c.Action == Create && made[c.Address] {
			twice = append(twice, c.Address)
		}
	}
	switch len(twice) {
	case 0:
		return ""
	case 1:
		return "its state does not know " + twice[0] + ", which an apply that did not end well had created, or begun to: if it is there, it would be built a second time"
	}
	return fmt.Sprintf("its state does not know %s and %d more, which an apply that did not end well had created, or begun to: what is there of them would be built a second time", twice[0], len(twice)-1)
}

// Follows says why a state cannot be the one that was seen before, or "". An installation that has seen none yet
// (the zero Prior) takes any.
func (p Prior) Follows(seen Prior) string {
	switch {
	case seen.Replaced != "":
		return seen.Replaced
	case seen.Lineage == "" && !seen.Exists:
		return ""
	case p.Lineage == "":
		return "its state is gone or empty, and there was one: everything would be built a second time"
	case seen.Lineage == "":
		return ""
	case p.Lineage != seen.Lineage:
		return fmt.Sprintf("its state is another one: lineage %s, and it was %s", p.Lineage, seen.Lineage)
	case p.Serial < seen.Serial:
		return fmt.Sprintf("its state is an older version: serial %d, and it was %d", p.Serial, seen.Serial)
	}
	return ""
}
