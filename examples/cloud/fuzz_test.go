package cloud

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// FuzzJournal reads journals as a crash or a person may have left them: whatever the bytes are, a cloud either opens or says why.
func FuzzJournal(f *testing.F) {
	f.Add([]byte(`{"seq":1,"op":"create","kind":"bucket","id":"bkt-1","name":"a","after":{"name":"a"}}` + "\n" + `{"seq":2,"op":"delete","kind":"bucket","id":"bkt-1"}` + "\n"))
	f.Add([]byte(`{"seq":1,"op":"edit","kind":"image","id":"img-1","name":"a","after":{"family":3}}` + "\n" + `{"seq":2`))
	f.Add([]byte("\n{}\nnull\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "cloud.json")
		if err := os.WriteFile(journalPath(path), data, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := New(Options{Path: path})
		if err != nil {
			return
		}
		c.Journal()
		if err := c.Delete("bucket", "a"); err == nil {
			if _, err := New(Options{Path: path}); err != nil {
				t.Fatalf("it does not open again: %v", err)
			}
		}
	})
}

// FuzzCanonical gives every kind attributes that nobody checked: what is accepted must be accepted again unchanged.
func FuzzCanonical(f *testing.F) {
	f.Add("network", []byte(`{"name":"a","cidr":"10.0.0.0/8","tags":{}}`))
	f.Add("database", []byte(`{"name":"a","size_gb":1e300,"password":""}`))
	f.Add("server", []byte(`{"name":null,"size":"small","network_id":7}`))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		k, ok := kinds[name]
		var given map[string]any
		if !ok || json.Unmarshal(data, &given) != nil {
			return
		}
		once, err := k.canonical(given, true)
		if err != nil {
			return
		}
		if _, err := k.canonical(once, true); err != nil {
			t.Fatalf("%v was accepted, then refused: %v", once, err)
		}
		_ = k.complete(once)
		o := Object{Kind: name, ID: "x", Attributes: once}
		computeNew(o, Object{Attributes: map[string]any{"cidr": once["cidr"]}}, time.Time{})
		computeAgain(o)
	})
}
