package audit

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/driftlessops/driftless/runner"
)

var odd = []string{
	"", "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'", "'=1", `\`, `\r`, `\\r`, "a\r\nb", "a\nb", `"`, `a","b`, "caf\xe9", "ü 世界", "\u2028", "<&>",
	"\x00\x01\x1f\x7f", "\U0010FFFF", ",", " ", "null", "{}",
}

// records are a chain with odd texts in every field.
func records() (all []Record) {
	previous := ""
	for i, text := range odd {
		data, _ := json.Marshal(map[string]any{"z": []any{1, text, nil, true, map[string]any{}, []any{}}, text: -3})
		if i%3 == 0 {
			data = nil
		}
		r := Of(runner.Event{
			ID: int64(i + 1), At: time.UnixMicro(int64(i) * 1_000_001), Kind: text, Actor: text, Repository: text, Workspace: "r//" + "a", RunID: int64(i),
			PullID: 7, Commit: text, Message: text, Data: data,
		}, previous)
		r.Hash = r.Sum()
		all, previous = append(all, r), r.Hash
	}
	return all
}

func export(t *testing.T, format string, all []Record) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b, format)
	for _, r := range all {
		if err == nil {
			err = w.Write(r)
		}
	}
	if err == nil {
		err = w.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func verify(t *testing.T, file []byte, head string) []string {
	t.Helper()
	chain := Chain{Head: head}
	if err := Read(bytes.NewReader(file), func(r Record) error { chain.Add(r); return nil }); err != nil {
		return []string{err.Error()}
	}
	return chain.Done()
}

// TestExport reads back what was written, and finds it whole.
func TestExport(t *testing.T) {
	t.Parallel()
	all := records()
	for _, format := range []string{"json", "csv"} {
		file := export(t, format, all)
		var back []Record
		if err := Read(bytes.NewReader(file), func(r Record) error { back = append(back, r); return nil }); err != nil {
			t.Fatal(format, err)
		}
		compact := cmp.Transformer("compact", func(m json.RawMessage) string { return string(canonicalData(m)) })
		if diff := cmp.Diff(all, back, compact); diff != "" {
			t.Errorf("%s (-want +got):\n%s", format, diff)
		}
		if problems := verify(t, file, all[3].Hash); len(problems) > 0 {
			t.Errorf("%s: %v", format, problems)
		}
		if problems := verify(t, file, strings.Repeat("0", 64)); len(problems) != 1 {
			t.Errorf("%s: a foreign head: %v", format, problems)
		}
		if problems := verify(t, export(t, format, all[5:]), all[4].Hash); len(problems) > 0 {
			t.Errorf("%s: a part: %v", format, problems)
		}
	}
	if problems := verify(t, nil, ""); len(problems) > 0 {
		t.Errorf("nothing: %v", problems)
	}
}

func canonicalData(m json.RawMessage) []byte {
	var b bytes.Buffer
	write(&b, decoded(m))
	return b.Bytes()
}

// TestCellsAreNoFormulas: a spreadsheet takes no cell for one.
func TestCellsAreNoFormulas(t *testing.T) {
	t.Parallel()
	for _, text := range odd {
		cell := harmless(text)
		if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
			t.Errorf("%q is written as %q", text, cell)
		}
		if got := unharmed(cell); got != text {
			t.Errorf("%q is written as %q and read as %q", text, cell, got)
		}
	}
}

// TestChangesAreFound changes exports in ways that their readers should hear of.
func TestChangesAreFound(t *testing.T) {
	t.Parallel()
	whole := records()
	for name, test := range map[string]struct {
		change func(all []Record) []Record
		want   []string
	}{
		"nothing":  {func(all []Record) []Record { return all }, nil},
		"a field":  {func(all []Record) []Record { all[4].Actor = "eve"; return all }, []string{"record 5 was changed"}},
		"its data": {func(all []Record) []Record { all[4].Data = []byte(`{"a": 1}`); return all }, []string{"record 5 was changed"}},
		"with its hash": {
			func(all []Record) []Record { all[4].Actor = "eve"; all[4].Hash = all[4].Sum(); return all }, []string{"record 6 was changed, or record 5"},
		},
		"a deletion":    {func(all []Record) []Record { return slices.Delete(all, 3, 5) }, []string{"records 4 to 5 are missing"}},
		"an insertion":  {func(all []Record) []Record { return slices.Insert(all, 3, all[1]) }, []string{"record 2 stands after record 3", "records 3 to 3"}},
		"an order":      {func(all []Record) []Record { all[3], all[4] = all[4], all[3]; return all }, []string{"record 4 is missing", "record 4 stands after record 5", "record 5 is missing"}},
		"the beginning": {func(all []Record) []Record { all[0].Previous = "x"; all[0].Hash = all[0].Sum(); return all }, []string{"record 1 is not the first", "record 2 was changed"}},
		"the end":       {func(all []Record) []Record { return all[:len(all)-1] }, []string{"no record has the hash"}},
	} {
		problems := verify(t, export(t, "json", test.change(slices.Clone(whole))), whole[len(whole)-1].Hash)
		if len(problems) < len(test.want) || len(problems) > len(test.want)+1 {
			t.Errorf("%s: %q", name, problems)
			continue
		}
		for i, want := range test.want[:min(1, len(test.want))] {
			if !strings.HasPrefix(problems[i], want) {
				t.Errorf("%s: found %q, not %q", name, problems[i], want)
			}
		}
	}
}

// TestExactFields: a line that another reader would understand differently is no record, whatever its hash.
func TestExactFields(t *testing.T) {
	t.Parallel()
	r := records()[2]
	r.Data = []byte(`{"run":{"status":"applied"}}`)
	r.Hash = r.Sum()
	good := strings.TrimSpace(string(export(t, "json", []Record{r})))
	if problems := verify(t, []byte(good), ""); len(problems) > 0 {
		t.Fatal(problems)
	}
	comma := func(more string) string { return strings.TrimSuffix(good, "}") + "," + more + "}" }
	for name, line := range map[string]string{
		"other case":      strings.Replace(comma(`"Actor":"alice"`), `"actor":"+1"`, `"actor":"mallory"`, 1),
		"twice":           comma(`"actor":"+1"`),
		"unknown":         comma(`"more":1`),
		"renamed":         strings.Replace(good, `"actor"`, `"Actor"`, 1),
		"missing":         strings.Replace(good, `"actor":`+"\"+1\",", "", 1),
		"data, twice":     strings.Replace(good, `{"status":`, `{"status":"failed","status":`, 1),
		"not UTF-8":       strings.Replace(good, `applied`, "appl\xffed", 1),
		"no object":       `[1]`,
		"nothing in line": `null`,
	} {
		if problems := verify(t, []byte(line), ""); line == good || len(problems) == 0 || !strings.Contains(problems[0], "record on line 1") {
			t.Errorf("%s: %q", name, problems)
		}
	}
	r.Data = []byte(`{"run":{"status":"failed","status":"applied"}}`)
	for _, format := range []string{"json", "csv"} {
		if problems := verify(t, export(t, format, []Record{r}), ""); len(problems) != 1 || !strings.Contains(problems[0], `"status" twice`) {
			t.Errorf("%s: %q", format, problems)
		}
	}
	chain := Chain{}
	if chain.Add(r); len(chain.Done()) != 1 {
		t.Error("the database may say a thing twice")
	}
}

// TestHeadOfWhatWasPruned: a head that was noted before old records were removed accuses nobody.
func TestHeadOfWhatWasPruned(t *testing.T) {
	t.Parallel()
	all := records()
	prune := all[8]
	prune.ID, prune.Kind, prune.Previous = all[len(all)-1].ID+1, runner.EventsPruned, all[len(all)-1].Hash
	prune.Data = runner.Facts{Pruned: &runner.Pruned{ID: all[4].ID, Hash: all[4].Hash}}.JSON()
	prune.Hash = prune.Sum()
	anchor := &runner.Anchor{ID: all[4].ID, Hash: all[4].Hash, Events: 5, At: time.Date(2026, 2, 3, 0, 0, 0, 0, time.UTC)}
	left := append(slices.Clone(all[5:]), prune)
	for name, test := range map[string]struct {
		chain   Chain
		records []Record
		want    string
	}{
		"none":                 {Chain{Log: anchor}, left, ""},
		"the anchor's":         {Chain{Log: anchor, Head: all[4].Hash, HeadID: 5}, left, ""},
		"a later one":          {Chain{Log: anchor, Head: all[7].Hash, HeadID: 8}, left, ""},
		"an earlier one":       {Chain{Log: anchor, Head: all[3].Hash, HeadID: 4}, left, "record 4, whose hash that is to be, was removed with the old ones by 2026-02-03: only the export"},
		"an unknown one":       {Chain{Log: anchor, Head: all[3].Hash}, left, "if its record was one of those up to 5"},
		"a later, wrong one":   {Chain{Log: anchor, Head: all[3].Hash, HeadID: 9}, left, "the record that had it was changed or removed, or is not"},
		"nobody pruned":        {Chain{Log: anchor}, all[5:], "the records up to 5 are gone, and no record says that driftless removed them"},
		"all gone":             {Chain{Log: anchor}, nil, "the records up to 5 are gone"},
		"the first of it gone": {Chain{Log: anchor}, left[1:], "record 6 is missing"},
	} {
		for _, r := range test.records {
			test.chain.Add(r)
		}
		switch problems := test.chain.Done(); {
		case test.want == "" && len(problems) > 0, test.want != "" && (len(problems) != 1 || !strings.Contains(problems[0], test.want)):
			t.Errorf("%s: %q, not %q", name, problems, test.want)
		}
	}
}

// TestDocumentedScript runs the script of the documentation over an export, as somebody would who does not trust driftless.
func TestDocumentedScript(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3 here")
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, script, _ := strings.Cut(string(page), "```python\n")
	script, _, _ = strings.Cut(script, "```")
	all := records()
	run := func(file []byte) (string, error) {
		path := filepath.Join(t.TempDir(), "audit.jsonl")
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), python, "-c", script, path).CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	if out, err := run(export(t, "json", all)); err != nil || out != all[len(all)-1].Hash {
		t.Errorf("%s, %v", out, err)
	}
	twice := strings.Replace(string(export(t, "json", all)), `"actor":`, `"actor":"eve","actor":`, 1)
	if out, err := run([]byte(twice)); err == nil {
		t.Errorf("a field that is there twice was not found: %s", out)
	}
	all[5].Actor = "eve"
	if out, err := run(export(t, "json", all)); err == nil {
		t.Errorf("a change was not found: %s", out)
	}
}

// FuzzRead reads files that driftless did not write: what can be read can be written again, and says the same.
func FuzzRead(f *testing.F) {
	all := records()
	for _, format := range []string{"json", "csv"} {
		var b bytes.Buffer
		if w, err := NewWriter(&b, format); err == nil {
			_ = w.Write(all[1])
			_ = w.Write(all[2])
			_ = w.Flush()
		}
		f.Add(b.Bytes())
	}
	f.Add([]byte(`{"id": 1, "data": {"a": 1e400, "a": "\ud800"}}{"id": -1}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		var read []Record
		if err := Read(bytes.NewReader(file), func(r Record) error { read = append(read, r); return nil }); err != nil {
			return
		}
		for _, format := range []string{"json", "csv"} {
			n := 0
			err := Read(bytes.NewReader(export(t, format, read)), func(r Record) error {
				if got, want := r.Sum(), read[n].Sum(); got != want {
					t.Errorf("%s: record %d is %+v, and was %+v", format, n, r, read[n])
				}
				n++
				return nil
			})
			if err != nil || n != len(read) {
				t.Errorf("%s: %d of %d records, %v", format, n, len(read), err)
			}
		}
	})
}

func BenchmarkSum(b *testing.B) {
	data := `{"run":{"purpose":"apply","status":"applied","trigger":"main at caf15c3f","attempt":1,"changes":"1 to create"},"pull_requests":[{"key":"123","author":"ada","reviewed_by":["grace"]}]}`
	r := Of(runner.Event{ID: 7, Kind: "planned", Actor: "driftless", Workspace: "infra//prod/network", Message: "1 to create; policy: pass", Data: []byte(data)}, "")
	for b.Loop() {
		_ = r.Sum()
	}
}
