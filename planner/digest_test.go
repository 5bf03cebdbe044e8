package planner

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// digestPlan holds one change of each kind that digests tell apart.
const digestPlan = `{
 "format_version": "1.2", "timestamp": "2026-01-02T03:04:05Z",
 "resource_changes": [
  {"address": "t.a", "type": "t", "name": "a", "provider_name": "p", "previous_address": "t.z", "action_reason": "x", "change": {
   "actions": ["update"], "importing": {"id": "imp"},
   "before": {"id": "1", "v": 1, "path": "/data/1/x", "at": "old", "pw": "s3cret-1", "l": [1, 2], "o": {"a": null}, "u": "before", "keep": "k", "vol": "1", "gone": null},
   "after": {"id": "1", "v": 2, "path": "/data/1/y", "at": "2026-01-02T03:04:05Z", "pw": "s3cret-2", "l": [1, 3], "o": {"a": 1}, "keep": "k", "vol": "2", "gone": null},
   "after_unknown": {"u": true}, "before_sensitive": {"pw": true}, "after_sensitive": {"pw": true}, "replace_paths": [["v"]]}},
  {"address": "t.d", "type": "t", "name": "d", "deposed": "d1", "provider_name": "p", "change": {
   "actions": ["delete"], "before": {"id": "2"}, "after": null, "after_unknown": {}, "before_sensitive": {}, "after_sensitive": false}},
  {"address": "t.r", "type": "t", "name": "r", "provider_name": "p", "change": {
   "actions": ["delete", "create"], "before": {"id": "3"}, "after": {}, "after_unknown": {"id": true}, "before_sensitive": {}, "after_sensitive": {}}},
  {"address": "t.f", "type": "t", "name": "f", "provider_name": "p", "change": {
   "actions": ["forget"], "before": {"id": "4"}, "after": null, "after_unknown": {}, "before_sensitive": {}, "after_sensitive": false}},
  {"address": "t.n", "type": "t", "name": "n", "provider_name": "p", "change": {
   "actions": ["no-op"], "before": {"id": "5"}, "after": {"id": "5"}, "after_unknown": {}, "before_sensitive": {}, "after_sensitive": {}}}
 ],
 "output_changes": {"o": {"actions": ["update"], "before": 1, "after": 2, "after_unknown": false, "before_sensitive": false, "after_sensitive": false}},
 "action_invocations": [{"address": "action.a.b", "type": "a", "name": "b", "config_values": {"x": 1}}],
 "relevant_attributes": [{"resource": "t.a", "attribute": ["v"]}, {"resource": "t.b", "attribute": ["w"]}],
 "prior_state": {"values": {"root_module": {}}}
}`

var digestOptions = ParseOptions{Key: []byte("key"), Checkout: "/data/1", Volatile: []string{"t.*:vol"}}

// mutated is digestPlan after a change to the decoded document.
func mutated(t *testing.T, mutate func(root object)) []byte {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(digestPlan))
	dec.UseNumber()
	var root object
	if err := dec.Decode(&root); err != nil {
		t.Fatal(err)
	}
	mutate(root)
	return []byte(compact(root))
}

// at finds the change of a resource.
func at(root object, address string) object {
	for _, v := range root["resource_changes"].([]any) {
		if v.(object)["address"] == address {
			return v.(object)
		}
	}
	return nil
}

func change(root object, address string) object { return at(root, address)["change"].(object) }
func after(root object) object                  { return change(root, "t.a")["after"].(object) }
func before(root object) object                 { return change(root, "t.a")["before"].(object) }

func parsed(t *testing.T, raw []byte, opts ParseOptions) *Plan {
	t.Helper()
	plan, err := Parse(raw, opts)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestEqualDigests(t *testing.T) {
	t.Parallel()
	want := parsed(t, []byte(digestPlan), digestOptions)
	for name, mutate := range map[string]func(object){
		"nothing": func(object) {},
		"timestamp": func(r object) {
			r["timestamp"], after(r)["at"] = "2027-01-01T00:00:00Z", "2027-01-01T00:00:00Z"
		},
		"relevant attributes": func(r object) { slices.Reverse(r["relevant_attributes"].([]any)) },
		"order of changes":    func(r object) { slices.Reverse(r["resource_changes"].([]any)) },
		"reason":              func(r object) { at(r, "t.a")["action_reason"] = "other" },
		"replace paths":       func(r object) { delete(change(r, "t.a"), "replace_paths") },
		"before of unknown":   func(r object) { before(r)["u"] = "other" },
		"unchanged attribute": func(r object) { before(r)["keep"], after(r)["keep"] = "x", "x" },
		"absent for null":     func(r object) { delete(after(r), "gone") },
		"volatile path":       func(r object) { after(r)["vol"] = "3" },
		"no-op":               func(r object) { at(r, "t.n")["address"] = "t.m" },
		"prior state":         func(r object) { delete(r, "prior_state") },
		"drift": func(r object) {
			r["resource_drift"] = []any{object{"address": "t.q", "change": object{"actions": []any{"delete"}, "before": object{"x": "1"}}}}
		},
		"unknown section": func(r object) { r["future"] = "x" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := parsed(t, mutated(t, mutate), digestOptions)
			if !maps.Equal(got.Digests(), want.Digests()) || got.Digest != want.Digest {
				t.Errorf("digests differ:\n%v\n%v", got.Digests(), want.Digests())
			}
		})
	}
}

func TestCheckoutIsNotInDigests(t *testing.T) {
	t.Parallel()
	want := parsed(t, []byte(digestPlan), digestOptions)
	opts := digestOptions
	opts.Checkout = "/elsewhere/22/"
	got := parsed(t, []byte(strings.ReplaceAll(digestPlan, "/data/1/", "/elsewhere/22/")), opts)
	if got.Digest != want.Digest {
		t.Error("digest differs by the path of the checkout")
	}
	if strings.Contains(string(got.JSON), "/elsewhere") || strings.Contains(got.Changes[0].Diff(), "/elsewhere") {
		t.Error("the path of the checkout is shown")
	}
}

func TestDifferentDigests(t *testing.T) {
	t.Parallel()
	want := parsed(t, []byte(digestPlan), digestOptions)
	for name, mutate := range map[string]func(object){
		"address":             func(r object) { at(r, "t.a")["address"] = "t.b" },
		"previous address":    func(r object) { at(r, "t.a")["previous_address"] = "t.y" },
		"deposed":             func(r object) { at(r, "t.d")["deposed"] = "d2" },
		"provider":            func(r object) { at(r, "t.a")["provider_name"] = "q" },
		"order of actions":    func(r object) { change(r, "t.r")["actions"] = []any{"create", "delete"} },
		"forget for delete":   func(r object) { change(r, "t.f")["actions"] = []any{"delete"} },
		"import id":           func(r object) { change(r, "t.a")["importing"].(object)["id"] = "other" },
		"no import":           func(r object) { delete(change(r, "t.a"), "importing") },
		"deleted object":      func(r object) { change(r, "t.d")["before"].(object)["id"] = "9" },
		"replaced object":     func(r object) { change(r, "t.r")["before"].(object)["id"] = "9" },
		"forgotten object":    func(r object) { change(r, "t.f")["before"].(object)["id"] = "9" },
		"before":              func(r object) { before(r)["v"] = json.Number("0") },
		"after":               func(r object) { after(r)["v"] = json.Number("3") },
		"type":                func(r object) { after(r)["v"] = "2" },
		"one more path":       func(r object) { after(r)["keep"] = "j" },
		"one path fewer":      func(r object) { after(r)["v"] = json.Number("1") },
		"known":               func(r object) { delete(change(r, "t.a")["after_unknown"].(object), "u"); after(r)["u"] = "x" },
		"unknown":             func(r object) { change(r, "t.a")["after_unknown"].(object)["v"] = true },
		"sensitive value":     func(r object) { after(r)["pw"] = "s3cret-3" },
		"sensitivity":         func(r object) { change(r, "t.a")["after_sensitive"].(object)["pw"] = false },
		"element":             func(r object) { after(r)["l"] = []any{json.Number("1"), json.Number("4")} },
		"null element":        func(r object) { after(r)["l"] = []any{json.Number("1"), json.Number("3"), nil} },
		"empty for null":      func(r object) { after(r)["gone"] = object{} },
		"object for null":     func(r object) { before(r)["o"] = nil },
		"another timestamp":   func(r object) { after(r)["at"] = "2026-01-02T03:04:06Z" },
		"another path":        func(r object) { after(r)["path"] = "/data/12/y" },
		"one change more":     func(r object) { change(r, "t.n")["actions"] = []any{"update"} },
		"one change fewer":    func(r object) { delete(r, "output_changes") },
		"output":              func(r object) { r["output_changes"].(object)["o"].(object)["after"] = json.Number("3") },
		"action":              func(r object) { delete(r, "action_invocations") },
		"action's argument":   func(r object) { r["action_invocations"].([]any)[0].(object)["config_values"] = object{"x": "2"} },
		"not volatile at all": func(r object) { at(r, "t.a")["address"] = "u.a" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := parsed(t, mutated(t, mutate), digestOptions)
			if maps.Equal(got.Digests(), want.Digests()) || got.Digest == want.Digest {
				t.Error("digests are equal")
			}
		})
	}
}

func TestDigestsNeedTheKey(t *testing.T) {
	t.Parallel()
	a := parsed(t, []byte(digestPlan), digestOptions)
	b := parsed(t, []byte(digestPlan), ParseOptions{Key: []byte("other"), Checkout: "/data/1", Volatile: digestOptions.Volatile})
	for key, digest := range a.Digests() {
		if b.Digests()[key] == digest {
			t.Errorf("%s has the same digest under another key", key)
		}
	}
	keyless := parsed(t, []byte(digestPlan), ParseOptions{})
	again := parsed(t, []byte(digestPlan), ParseOptions{})
	if keyless.Digest != again.Digest || keyless.Digest == a.Digest {
		t.Error("without a key, digests are to be equal within the process, and only there")
	}
}

func TestVolatileOnly(t *testing.T) {
	t.Parallel()
	plan := func(stamp string) *Plan {
		return parsed(t, []byte(`{"format_version": "1.2", "resource_changes": [{"address": "t.a[\"x:y\"]", "type": "t", "name": "a", "change": {
			"actions": ["update"], "before": {"tags": {"at:x": "0"}}, "after": {"tags": {"at:x": "`+stamp+`"}}}}]}`),
			ParseOptions{Key: []byte("k"), Volatile: []string{`t.a["x:*"]:tags["at:x"]`}})
	}
	one, two := plan("1"), plan("2")
	if one.Digest != two.Digest {
		t.Error("digests differ by a volatile path")
	}
	if one.Summary.Update != 1 || len(one.Changes) != 1 || !one.Changes[0].Paths[0].Volatile {
		t.Errorf("a change of volatile paths stays a change: %+v", one)
	}
	if want := []string{`t.a["x:y"]:tags["at:x"]`}; !slices.Equal(one.Volatile, want) {
		t.Errorf("Volatile = %q, want %q", one.Volatile, want)
	}
}
