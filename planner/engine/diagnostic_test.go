package engine

import (
	"encoding/json"
	"testing"
)

func TestDiagnosticForPeople(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"severity":"warning","summary":"Old"}`:                                              "Warning: Old\n",
		`{"severity":"error","summary":"S","detail":"D\n\n","address":"a.b"}`:                 "Error: S\n\n  with a.b,\n\nD\n",
		`{"severity":"error","summary":"S","range":{"filename":"x/y.tf","start":{"line":7}}}`: "Error: S\n\n  on x/y.tf line 7:\n  (source code not available)\n",
		`{"severity":"error","summary":"S","range":{"filename":"m.tf","start":{"line":8}},"snippet":{"context":"locals","code":"a = f(\n\t  var.c\n)","start_line":7,
			"highlight_start_offset":10,"highlight_end_offset":15,"values":[{"traversal":"b","statement":"is 2"},{"traversal":"a","statement":"is 1"}],
			"function_call":{"called_as":"f","signature":{"params":[{"name":"x"}],"variadic_param":{"name":"more"}}}}}`: "Error: S\n\n  on m.tf line 8, in locals:\n   7: a = f(\n   8: \t  var.c\n   9: )\n    ├────────────────\n    │ while calling f(x, more...)\n    │ a is 1\n    │ b is 2\n",
		`{"severity":"error","summary":"S","range":{"filename":"m.tf","start":{"line":8}},"snippet":{"code":"\tü = x","start_line":8,"highlight_start_offset":6,"highlight_end_offset":7}}`: "Error: S\n\n  on m.tf line 8:\n   8: \tü = x\n      \t    ^\n",
		`{"summary":"S","snippet":{"code":"x","highlight_start_offset":-5,"highlight_end_offset":99},"range":{}}`:                                                                           "S\n\n  on  line 0:\n   0: x\n",
	} {
		var d diagnostic
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			t.Fatal(err)
		}
		if got := d.String(); got != want {
			t.Errorf("%s: got\n%q\nwant\n%q", text, got, want)
		}
	}
	if got, want := frame("a\n\n  b\n"), "╷\n│ a\n│\n│   b\n╵\n"; got != want {
		t.Errorf("frame: %q", got)
	}
}
