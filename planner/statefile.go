package planner

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// State is what a state file says, with sensitive values hidden unless they were asked for.
type State struct {
	Serial    int64            `json:"serial"`
	Lineage   string           `json:"lineage"`
	Engine    string           `json:"engine,omitempty"`    // version of the engine that wrote it
	Encrypted bool             `json:"encrypted,omitempty"` // OpenTofu encrypted it: only the engine can read more
	Resources []StateResource  `json:"resources"`
	Outputs   map[string]Value `json:"outputs"`
	Checks    Checks           `json:"-"` // as they were evaluated when it was written last
}

// StateResource is one object of a state.
type StateResource struct {
	Address  string         `json:"address"`
	Deposed  string         `json:"deposed,omitempty"` // key of an object that was replaced and not destroyed yet
	Tainted  bool           `json:"tainted,omitempty"`
	Provider string         `json:"provider"`
	Values   map[string]any `json:"values"`
}

// Value is an output of a state.
type Value struct {
	Value     any  `json:"value"`
	Sensitive bool `json:"sensitive,omitempty"`
}

// stateFile is a state as both engines write it.
type stateFile struct {
	Version       int
	Serial        int64
	Lineage       string
	Engine        string           `json:"terraform_version"`
	EncryptedData string           `json:"encrypted_data"`
	Outputs       map[string]Value `json:"outputs"`
	Resources     []struct {
		Module, Mode, Type, Name, Provider string
		Instances                          []stateInstance
	}
	Checks json.RawMessage `json:"check_results"`
}

type stateInstance struct {
	Index      any `json:"index_key"`
	Status     string
	Deposed    string
	Attributes map[string]any
	Sensitive  json.RawMessage `json:"sensitive_attributes"`
}

// ParseState reads a state file (format version 4). What the state itself marks as sensitive is hidden unless reveal is set, and so is
// text elsewhere in it that holds such a value. Which values are marked depends on the engine that wrote it.
func ParseState(file []byte, reveal bool) (*State, error) {
	var f stateFile
	if err := decodeNumbers(file, &f); err != nil {
		return nil, fmt.Errorf("read state: %w", err)
	}
	s := &State{Serial: f.Serial, Lineage: f.Lineage, Engine: f.Engine, Encrypted: f.EncryptedData != "", Resources: []StateResource{}, Outputs: map[string]Value{}}
	if s.Encrypted {
		return s, nil
	}
	if f.Version != 4 {
		return nil, fmt.Errorf("read state: its format has version %d, and only 4 is known", f.Version)
	}
	hide := &stateHiding{reveal: reveal, equal: map[string]bool{}}
	for _, r := range f.Resources {
		for _, i := range r.Instances {
			s.Resources = append(s.Resources, StateResource{
				Address: stateAddress(r.Module, r.Mode, r.Type, r.Name, i.Index), Deposed: i.Deposed, Tainted: i.Status == "tainted",
				Provider: r.Provider, Values: hide.attributes(i.Attributes, i.Sensitive),
			})
		}
	}
	for name, v := range f.Outputs {
		if v.Sensitive {
			v.Value = hide.value(v.Value)
		}
		s.Outputs[name] = v
	}
	hide.rest(s)
	s.Checks = hide.checks(f.Checks)
	return s, nil
}

// Resource returns the objects at an address: one, and those that are deposed.
func (s *State) Resource(address string) []StateResource {
	return slices.DeleteFunc(slices.Clone(s.Resources), func(r StateResource) bool { return r.Address != address })
}

func stateAddress(module, mode, kind, name string, index any) string {
	address := kind + "." + name
	if mode == "data" {
		address = "data." + address
	}
	if module != "" {
		address = module + "." + address
	}
	switch key := index.(type) {
	case string:
		address += "[" + strconv.Quote(key) + "]"
	case json.Number:
		address += "[" + key.String() + "]"
	}
	return address
}

// decodeNumbers decodes JSON and keeps numbers as they were written.
func decodeNumbers(data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	return dec.Decode(v)
}
