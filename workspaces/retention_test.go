package workspaces

import (
	"strings"
	"testing"
	"time"
)

func TestRetention(t *testing.T) {
	t.Parallel()
	whole := DefaultRetention
	whole.Runs, whole.Artifacts, whole.Size, whole.States, whole.MinFree, whole.Events = 60*day, 36*time.Hour, 5<<20, 7, 0, 400*day
	for text, want := range map[string]Retention{
		"":             DefaultRetention,
		"retention {}": DefaultRetention,
		`retention {
  runs = "60d"
  artifacts = "36h"
  size = "5MiB"
  states = 7
  min_free = "0"
  events = "400d"
}`: whole,
	} {
		c, diags := Parse(OperatorFile, "config.hcl", []byte(text))
		if diags.HasErrors() || c.Retention != want {
			t.Errorf("%s: %+v, %v", text, c.Retention, diags)
		}
	}
	for text, want := range map[string]string{
		`runs = "7d"`:                       `at least "30d"`,
		`runs = "0d"`:                       `at least "30d"`,
		`runs = "xd"`:                       "not a duration",
		`unused = "1h"`:                     `at least "1d"`,
		`artifacts = "400d"`:                "which is 365 days",
		`size = "10 gigabytes"`:             "not a size",
		`size = "-1"`:                       "not a size",
		`size = "99999999999TiB"`:           "not a size",
		`states = 0`:                        "from 1 on",
		`runs = "99999999999999999999999d"`: "not a duration",
	} {
		_, diags := Parse(OperatorFile, "config.hcl", []byte("retention {\n"+text+"\n}\n"))
		if !strings.Contains(diags.Error(), want) {
			t.Errorf("%s: %v", text, diags)
		}
	}
}
