package policy

import (
	"encoding/json"
	"runtime"
	"testing"
)

// TestCostOfPolicies counts allocations, which are the same on every machine: a plan is converted once, policies are compiled once,
// what rules share is found once, and little is added to what OPA itself needs. It runs alone, as those of others would count too.
func TestCostOfPolicies(t *testing.T) {
	set, alone := Compile([]Source{{Files: manyRules()}}), opaAlone(t)
	judge := func(plan []byte) {
		if v := set.Evaluate(t.Context(), Input{Plan: json.RawMessage(plan)}); v.Status != Pass || v.Policies != 100 {
			t.Fatal(brief(v))
		}
	}
	judge(bigPlan(1 << 10))
	alone(bigPlan(1 << 10))
	var ours [2]float64
	for i, size := range []int{128 << 10, 256 << 10} {
		plan := bigPlan(size)
		objects, bytes := allocations(func() { judge(plan) })
		least, leastBytes := allocations(func() { alone(plan) })
		ours[i] = objects
		t.Logf("%d KiB: %.3f times the objects and %.3f times the bytes of OPA alone", size>>10, objects/least, bytes/leastBytes)
		if objects > 1.25*least || bytes > 1.25*leastBytes {
			t.Errorf("%d KiB: %.2f times the objects and %.2f times the bytes of OPA alone", size>>10, objects/least, bytes/leastBytes)
		}
	}
	if ours[1] > 2.2*ours[0] {
		t.Errorf("a plan that is twice as large costs %.2f times as much", ours[1]/ours[0])
	}
}

// allocations are how many objects and bytes a function allocates.
func allocations(f func()) (objects, bytes float64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs - before.Mallocs), float64(after.TotalAlloc - before.TotalAlloc)
}
