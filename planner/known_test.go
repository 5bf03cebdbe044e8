package planner

import (
	"archive/zip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/driftlessops/driftless/planner/engine"
	"github.com/driftlessops/driftless/planner/mask"
)

// TestKnown: what may have been made leaves the record when a state knows it, not when there is nothing to do without it.
func TestKnown(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "plan")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	w, _ := z.Create("tfstate")
	_, _ = w.Write([]byte(`{"version":4,"serial":7,"lineage":"abc","resources":[
		{"mode":"managed","type":"a","name":"x","instances":[{"index_key":"k","attributes":{}}]},
		{"module":"module.m","mode":"managed","type":"a","name":"y","instances":[{"attributes":{}}]},
		{"mode":"managed","type":"a","name":"old","instances":[{"deposed":"d1","attributes":{}}]}]}`))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	encrypted := filepath.Join(t.TempDir(), "encrypted")
	if err := os.WriteFile(encrypted, []byte("encrypted"), 0o600); err != nil {
		t.Fatal(err)
	}
	seen := Prior{Made: []string{`a.x["k"]`, "module.m.a.y", "a.old", "a.new", "a.gone", "a.was"}}
	changes := []Change{
		{Kind: KindResource, Address: "a.new", Action: Create}, {Kind: KindResource, Address: "a.is", PreviousAddress: "a.was", Action: Update},
		{Kind: KindResource, Address: "a.old", Action: Delete, Deposed: "d1"},
	}
	for what, c := range map[string]struct {
		plan Plan
		want []string
	}{
		"nothing to do":    {Plan{File: name}, []string{`a.x["k"]`, "module.m.a.y"}},
		"something to do":  {Plan{File: name, Changes: changes}, []string{`a.x["k"]`, "module.m.a.y", "a.new", "a.was"}},
		"no state to read": {Plan{File: encrypted, Changes: changes}, []string{"a.new", "a.was"}},
	} {
		if got, err := seen.Known(&c.plan); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, %v, want %q", what, got, err, c.want)
		}
	}
}

// TestTwiceOfAMaskedKey: what was made is known by the addresses that plans have, also where a key is a value that texts hide.
func TestTwiceOfAMaskedKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	out, errs := filepath.Join(dir, "out"), filepath.Join(dir, "err")
	for name, text := range map[string]string{errs: "", out: `{"@message":"c","type":"apply_start","hook":{"resource":{"addr":"a.x[\"eu-west-1\"]"},"action":"create"}}` + "\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m := &mask.Masker{}
	m.Add("eu-west-1")
	said, err := engine.ReadOutput(engine.OutputOptions{Stdout: out, Stderr: errs, Mask: m})
	if err != nil {
		t.Fatal(err)
	}
	if err := said.Close(); err != nil {
		t.Fatal(err)
	}
	seen := Prior{Made: []string{said.Steps()[0].Address}}
	if seen.Twice(&Plan{Changes: []Change{{Kind: KindResource, Address: `a.x["eu-west-1"]`, Action: Create}}}) == "" {
		t.Errorf("%q is not known again", seen.Made)
	}
}
