package report

import (
	"runtime"
	"testing"
)

// TestCostOfAReport counts allocations, which are the same on every machine: they grow with what is reported, and no text is copied
// again and again. It runs alone, as those of others would count too.
func TestCostOfAReport(t *testing.T) {
	for _, limit := range []int{0, 65536, MinLimit} {
		var objects, bytes [2]float64
		for i, rows := range []int{30, 60} {
			doc, size := largePlan(rows)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			Render(doc, limit)
			runtime.ReadMemStats(&after)
			objects[i], bytes[i] = float64(after.Mallocs-before.Mallocs), float64(after.TotalAlloc-before.TotalAlloc)
			t.Logf("limit %d, %d rows: %.1f bytes for one of the plan", limit, rows, bytes[i]/float64(size))
			if most := 11 * float64(size); bytes[i] > most {
				t.Errorf("limit %d: a report of %d bytes of plans allocates %.0f bytes, more than %.0f", limit, size, bytes[i], most)
			}
		}
		t.Logf("limit %d: %.2f times the objects and %.2f times the bytes", limit, objects[1]/objects[0], bytes[1]/bytes[0])
		if objects[1] > 2.3*objects[0] || bytes[1] > 2.3*bytes[0] {
			t.Errorf("limit %d: twice as many rows cost %.2f times the objects and %.2f times the bytes", limit, objects[1]/objects[0], bytes[1]/bytes[0])
		}
	}
}
