package workspaces

import (
	"testing"
	"time"
)

func TestTimeouts(t *testing.T) {
	t.Parallel()
	set := resolve(t, NewMapTree(map[string]string{
		"app/main.tf": rootTF, "net/main.tf": rootTF,
		"driftless.hcl": `
defaults {
  timeouts {
    plan   = "10m"
    cancel = "1m"
  }
}
workspace "app" {
  timeouts {
    plan  = "0s"
    apply = "3h"
  }
}
`}))
	want := DefaultTimeouts
	want.Plan, want.Cancel = 10*time.Minute, time.Minute
	if got := set.Workspace("infra//net").Timeouts; got != want {
		t.Errorf("%+v", got)
	}
	want.Plan, want.Apply = 0, 3*time.Hour
	if got := set.Workspace("infra//app").Timeouts; got != want {
		t.Errorf("%+v", got)
	}
	_, diags := Parse(RepositoryFile, "driftless.hcl", []byte("defaults {\n  timeouts {\n    cancel = \"0s\"\n    apply = \"x\"\n  }\n}\n"))
	contains(t, diags.Error(), "give it some time")
}
