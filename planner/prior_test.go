package planner

import (
	"archive/zip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestReadPrior(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "plan")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	w, _ := z.Create("tfstate")
	_, _ = w.Write([]byte(`{"version":4,"serial":7,"lineage":"abc","resources":[]}`))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	if p, ok, err := ReadPrior(name); err != nil || !ok || !reflect.DeepEqual(p, Prior{Lineage: "abc", Serial: 7}) {
		t.Errorf("%+v %v %v", p, ok, err)
	}
	if err := os.WriteFile(name, []byte("encrypted"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := ReadPrior(name); ok || err != nil {
		t.Errorf("an encrypted plan file: %v %v", ok, err)
	}
}

func TestPriorFollows(t *testing.T) {
	t.Parallel()
	seen := Prior{Lineage: "a", Serial: 5}
	for name, c := range map[string]struct {
		seen, now Prior
		want      string
	}{
		"replaced by a person":       {Prior{Lineage: "a", Serial: 5, Replaced: "rolled back"}, Prior{Lineage: "a", Serial: 6}, "rolled back"},
		"nothing seen yet":           {Prior{}, Prior{Lineage: "b", Serial: 1}, ""},
		"the same":                   {seen, seen, ""},
		"went on":                    {seen, Prior{Lineage: "a", Serial: 9}, ""},
		"gone":                       {seen, Prior{}, "gone or empty"},
		"another":                    {seen, Prior{Lineage: "b", Serial: 9}, "another one"},
		"an older version":           {seen, Prior{Lineage: "a", Serial: 4}, "older version"},
		"still none at all":          {Prior{}, Prior{}, ""},
		"gone after the first apply": {Prior{Exists: true}, Prior{}, "gone or empty"},
		"seen after the first apply": {Prior{Exists: true}, Prior{Lineage: "a", Serial: 1}, ""},
	} {
		if got := c.now.Follows(c.seen); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestPriorTwice(t *testing.T) {
	t.Parallel()
	seen := Prior{Made: []string{"a.x", "a.y", "a.z", "a.gone"}}
	for name, c := range map[string]struct {
		changes []Change
		want    string
	}{
		"known by the state": {[]Change{{Address: "a.x", Action: Update}, {Address: "a.y", Action: Replace}}, ""},
		"others":             {[]Change{{Address: "a.new", Action: Create}, {Address: "a.x", Action: Create, Kind: KindOutput}}, ""},
		"one":                {[]Change{{Address: "a.new", Action: Create}, {Address: "a.x", Action: Create}}, "does not know a.x, which"},
		"three":              {[]Change{{Address: "a.x", Action: Create}, {Address: "a.y", Action: Create}, {Address: "a.z", Action: Create}}, "a.x and 2 more"},
	} {
		if got := seen.Twice(&Plan{Changes: c.changes}); !strings.Contains(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%s: %q", name, got)
		}
	}
}
