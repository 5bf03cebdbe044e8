package planner

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// grower makes random changes whose sensitive leaves can be recognised.
type grower struct {
	*rand.Rand
	secrets int
}

var randomKeys = []string{"a", "b", "value", "tags", "a.b", "x y", "\u202e", "0", "id", "constant_value"}

// value is a random JSON value; sensitive says that its leaves are secrets.
func (g *grower) value(depth int, sensitive bool) any {
	kind := g.IntN(8)
	if depth > 4 {
		kind = g.IntN(5) + 3
	}
	switch kind {
	case 0:
		list := make([]any, g.IntN(4))
		for i := range list {
			list[i] = g.value(depth+1, sensitive)
		}
		return list
	case 1, 2:
		o := object{}
		for range g.IntN(5) {
			o[randomKeys[g.IntN(len(randomKeys))]] = g.value(depth+1, sensitive)
		}
		return o
	case 3:
		return nil
	}
	if sensitive {
		g.secrets++
		return fmt.Sprintf("canary-%04d\n\"%d", g.secrets, g.secrets*7919)
	}
	return []any{json.Number(fmt.Sprint(g.IntN(3))), g.IntN(2) == 0, "text " + fmt.Sprint(g.IntN(3)), "l1\nl2\u009b\n", `{"a": [1, {"b": "x"}]}`, "(sensitive value)", ""}[g.IntN(7)]
}

// object is a random object with a mask that marks some of what is in it, with secrets in the marked places.
func (g *grower) object(depth int) (value object, mask any) {
	value, marks := object{}, object{}
	for range g.IntN(5) {
		key := randomKeys[g.IntN(len(randomKeys))]
		delete(marks, key)
		switch {
		case g.IntN(4) == 0:
			value[key] = g.value(depth, true)
			marks[key] = true
			if g.IntN(4) == 0 && value[key] != nil { // of a shape that does not fit
				if _, ok := value[key].(object); !ok {
					marks[key] = object{"x": true}
				}
			}
		case depth < 3 && g.IntN(3) == 0:
			value[key], marks[key] = g.object(depth + 1)
		default:
			value[key] = g.value(depth, false)
		}
	}
	return value, marks
}

// unknown is a random mask over a value.
func (g *grower) unknown(v any) any {
	if g.IntN(6) == 0 {
		return true
	}
	switch v := v.(type) {
	case object:
		mask := object{}
		for key, child := range v {
			if g.IntN(3) == 0 {
				mask[key] = g.unknown(child)
			}
		}
		if g.IntN(3) == 0 {
			mask["computed"] = true
		}
		return mask
	case []any:
		mask := make([]any, len(v))
		for i := range v {
			mask[i] = g.unknown(v[i])
		}
		return mask
	}
	return false
}

// plan is a random plan with one change, one drifted object and one output.
func (g *grower) plan() []byte {
	change := func() object {
		before, beforeMask := g.object(0)
		after, afterMask := g.object(0)
		if g.IntN(3) == 0 {
			after = before
			afterMask = beforeMask
		}
		return object{"actions": []any{"update"}, "before": before, "after": after, "after_unknown": g.unknown(after),
			"before_sensitive": beforeMask, "after_sensitive": afterMask, "replace_paths": []any{[]any{"a", json.Number("0")}, []any{"tags"}}}
	}
	resource := func() []any { return []any{object{"address": "t.a", "type": "t", "name": "a", "change": change()}} }
	return encode(object{
		"format_version": "1.2", "resource_changes": resource(), "resource_drift": resource(),
		"output_changes": object{"o": object{"actions": []any{"create"}, "before": nil, "after": g.value(0, true), "after_sensitive": true, "before_sensitive": false}},
	})
}

// checkRandom holds for every plan that a seed makes.
func checkRandom(t *testing.T, seed uint64) {
	t.Helper()
	g := grower{Rand: rand.New(rand.NewPCG(seed, 1))}
	raw := g.plan()
	opts := ParseOptions{Key: []byte("k"), Volatile: []string{"tags"}, Drift: true}
	plan, err := Parse(raw, opts)
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	back := stored(t, plan)
	text := string(encode(plan)) + string(plan.JSON)
	for i, c := range plan.Changes {
		checkDiff(t, c.Diff())
		text += c.Diff()
		if back.Changes[i].Diff() != c.Diff() {
			t.Errorf("seed %d: the stored diff differs", seed)
		}
	}
	for _, d := range plan.Drift {
		checkDiff(t, d.Diff())
		text += d.Diff()
	}
	if strings.Contains(text, "canary") {
		t.Errorf("seed %d: a secret is in\n%s\nof\n%s", seed, text, raw)
	}
	again, err := Parse(raw, opts)
	if err != nil || again.Digest != plan.Digest {
		t.Errorf("seed %d: another digest of the same plan, %v", seed, err)
	}
	if redacted, err := Parse(plan.JSON, opts); err != nil || redacted.Summary != plan.Summary {
		t.Errorf("seed %d: redacted JSON is read as %+v, %v", seed, redacted, err)
	}
}

func TestRandomPlans(t *testing.T) {
	t.Parallel()
	for seed := range uint64(500) {
		checkRandom(t, seed)
	}
}

func FuzzRandomPlan(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { checkRandom(t, seed) })
}
