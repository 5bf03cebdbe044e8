package test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/driftlessops/driftless/examples/cloud"
)

// cloudCommand starts the simulated cloud, and is whoever else works in it.
func cloudCommand(ts *testscript.TestScript, s *story, args []string) error {
	if len(args) == 0 {
		return errors.New("usage: cloud start|edit|delete|fault|objects|journal")
	}
	if s.cloud == nil && args[0] != "start" {
		return errors.New("the cloud was not started")
	}
	switch verb, rest := args[0], args[1:]; verb {
	case "start":
		return s.startCloud()
	case "edit":
		if err := usage(rest, 3, 3, "cloud edit KIND NAME JSON"); err != nil {
			return err
		}
		var attributes map[string]any
		if err := json.Unmarshal([]byte(rest[2]), &attributes); err != nil {
			return err
		}
		_, err := s.cloud.Edit(rest[0], rest[1], attributes)
		return err
	case "delete":
		if err := usage(rest, 2, 2, "cloud delete KIND NAME"); err != nil {
			return err
		}
		return s.cloud.Delete(rest[0], rest[1])
	case "fault":
		var faults cloud.Faults
		if len(rest) > 0 {
			if err := json.Unmarshal([]byte(rest[0]), &faults); err != nil {
				return err
			}
		}
		s.cloud.SetFaults(faults)
		return nil
	case "objects":
		for _, o := range s.cloud.Objects() {
			text, err := json.Marshal(o.Attributes)
			if err != nil {
				return err
			}
			say(ts.Stdout(), "%s %s %s\n", o.Kind, o.Name(), text)
		}
		return nil
	case "journal":
		for _, e := range s.cloud.Journal() {
			say(ts.Stdout(), "%s %s %s\n", e.Op, e.Kind, e.Name)
		}
		return nil
	}
	return fmt.Errorf("cloud %s: there is no such command", args[0])
}

// startCloud starts the cloud, and lets every workspace at it.
func (s *story) startCloud() (err error) {
	s.cloud, err = cloud.Start(background(), cloud.Options{Path: filepath.Join(s.dir, "cloud.json")})
	if err != nil {
		return err
	}
	s.undo = append(s.undo, func() { _ = s.cloud.Close() })
	if err := os.WriteFile(s.path("endpoint"), []byte(s.cloud.URL()), 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(s.path("gorace"), []byte("atexit_sleep_ms=0"), 0o600); err != nil {
		return err
	}
	return s.writeConfig()
}
