package runner

import (
	"encoding/json"
	"testing"

	"github.com/driftlessops/driftless/workspaces"
)

// states is a Tx with nothing but one state.
type states struct {
	Tx
	version *StateVersion
	content []byte
}

func (s *states) States(workspaces.ID) ([]StateVersion, error) {
	if s.version == nil {
		return nil, nil
	}
	return []StateVersion{*s.version}, nil
}

func (s *states) PutState(v *StateVersion, content []byte) error {
	s.version, s.content = v, content
	return nil
}

func TestRestoreState(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		was      *StateVersion
		errored  string
		restored bool
	}{
		"the next version":        {&StateVersion{Lineage: "a", Serial: 4}, `{"version":4,"lineage":"a","serial":5}`, true},
		"an older version":        {&StateVersion{Lineage: "a", Serial: 5}, `{"version":4,"lineage":"a","serial":5}`, false},
		"another state":           {&StateVersion{Lineage: "a", Serial: 4}, `{"version":4,"lineage":"b","serial":5}`, false},
		"no lineage, a state":     {&StateVersion{Lineage: "a", Serial: 4}, `{"version":4,"lineage":"","serial":5}`, false},
		"the very first":          {nil, `{"version":4,"lineage":"","serial":0,"resources":[]}`, true},
		"the first, with lineage": {nil, `{"version":4,"lineage":"a","serial":1}`, true},
		"not a state":             {nil, `rubbish`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tx := &states{version: c.was}
			restored, err := restoreState(tx, Run{Workspace: "r//d", ID: 7}, []byte(c.errored))
			if err != nil || restored != c.restored {
				t.Fatalf("%v %v", restored, err)
			}
			if !restored {
				return
			}
			var file struct {
				Version, Serial int64
				Lineage         string
			}
			if err := json.Unmarshal(tx.content, &file); err != nil {
				t.Fatal(err)
			}
			if file.Version != 4 || file.Lineage == "" || file.Lineage != tx.version.Lineage || file.Serial != tx.version.Serial || file.Serial == 0 {
				t.Errorf("%s as %+v", tx.content, tx.version)
			}
		})
	}
}
