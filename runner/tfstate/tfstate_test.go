package tfstate

import (
	"encoding/json"
	"testing"
)

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "{}", "null", `{"version":4,"serial":1,"lineage":"l"}`, `{"serial":-1}`, `{"serial":1e3,"lineage":"x"}`, `{"lineage":{}}`, `{"serial":18446744073709551615}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		h, err := Parse(content)
		if err == nil && (h.Lineage == "" || h.Serial < 0 || !json.Valid(content)) {
			t.Errorf("%q was read as %+v", content, h)
		}
	})
}
