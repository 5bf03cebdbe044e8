package workspaces

import (
	"slices"
	"testing"
)

// TestReferenceIsComplete fails when the schema has something that nobody described, or a text is about nothing.
func TestReferenceIsComplete(t *testing.T) {
	t.Parallel()
	described := map[string]bool{}
	for _, b := range Reference() {
		name := "the top level"
		if len(b.Names) > 0 {
			name = b.Names[0]
		}
		if b.Text == "" || len(b.In) == 0 {
			t.Errorf("block %s: text %q, in %v", name, b.Text, b.In)
		}
		for _, a := range b.Attributes {
			if a.Text == "" || a.Type == "" {
				t.Errorf("%s.%s has no text or type in attributeTexts", name, a.Name)
			}
			described[a.Text] = true
		}
	}
	for key, doc := range attributeTexts {
		if !described[doc.Text] {
			t.Errorf("attributeTexts[%q] is about nothing in the schema", key)
		}
	}
	for key, text := range blockTexts {
		if !slices.ContainsFunc(Reference(), func(b BlockDoc) bool { return b.Text == text }) {
			t.Errorf("blockTexts[%q] is about nothing in the schema", key)
		}
	}
}

// TestReferenceSaysWhenEditsTakeEffect holds the texts to what Resolve takes from the tracked branch.
func TestReferenceSaysWhenEditsTakeEffect(t *testing.T) {
	t.Parallel()
	may := Block{Engine: "x", Version: "x", Labels: map[string]string{"a": "b"}, Apply: Manual, Freshness: new(defaultFreshness), Parallelism: new(1),
		Permissions: defaultPermissions(), Require: defaultRequire(), Drift: &DriftBlock{Schedule: "x", Reconcile: new(true)}}.permissions()
	for _, b := range Reference() {
		prefix := ""
		switch {
		case slices.Contains(b.Names, "workspace"):
		case slices.Contains(b.Names, "drift"):
			prefix = "drift."
		case slices.Contains(b.Names, "permissions"):
			prefix = "permissions."
		default:
			continue
		}
		for _, a := range b.Attributes {
			_, permission := may[prefix+a.Name]
			if want := map[bool]string{true: afterMerge, false: atOnce}[permission]; a.Takes != want {
				t.Errorf("%s%s takes effect %q, but Resolve says %q", prefix, a.Name, a.Takes, want)
			}
		}
	}
}
