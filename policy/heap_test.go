package policy

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// doubled is a rule whose value is doubled n times by an expression with two %[1]s.
func doubled(first, by string, n int) string {
	text := "package main\nx0 := " + first + "\n"
	for i := range n {
		text += fmt.Sprintf("x%d := "+by+"\n", i+1, fmt.Sprintf("x%d", i))
	}
	return text + fmt.Sprintf("deny contains \"x\" if count(x%d) == 1\n", n)
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	for name, rego := range map[string]string{
		"numbers":    "package main\ndeny contains \"x\" if count(numbers.range(1, 300000000)) == 1",
		"addresses":  "package main\ndeny contains \"x\" if count(net.cidr_expand(\"::/64\")) == 1",
		"collection": "package main\ndeny contains \"x\" if count([y | some i in numbers.range(1, 90000); some j in numbers.range(1, 90000); y := i * j]) == 1",
		"messages":   "package main\ndeny contains y if { some i in numbers.range(1, 90000); some j in numbers.range(1, 90000); y := sprintf(\"%d %d\", [i, j]) }",
		"text":       doubled(`"abc"`, `concat("", [%[2]s, %[2]s])`, 40),
		"list":       doubled("[1, 2, 3]", `array.concat(%[2]s, %[2]s)`, 40),
	} {
		t.Run(name, func(t *testing.T) {
			runtime.GC() // what is garbage when it begins counts as there
			set := Compile([]Source{source("s", "p.rego", rego, "q.rego", "package q\nwarn contains \"y\"")})
			set.heap = &heapWatch{growth: 32 << 20}
			v := set.Evaluate(context.Background(), Input{Plan: json.RawMessage(plan)})
			if v.Status != Error || !strings.Contains(brief(v), "evaluate rule deny of package main: stopped: the policies need more than 32 MiB of memory") {
				t.Errorf("got %s", brief(v))
			}
			if !strings.Contains(brief(v), "error : stopped before all policies had judged: the policies need more than 32 MiB") {
				t.Errorf("got %s", brief(v))
			}
		})
	}
}

func TestManyEvaluationsAreNotStopped(t *testing.T) {
	t.Parallel()
	set := Compile([]Source{source("s", "p.rego", "package main\ndeny contains \"x\" if count([y | some i in numbers.range(1, 500); y := sprintf(\"%d\", [i])]) == 1")})
	for range 50 {
		if v := set.Evaluate(context.Background(), Input{Plan: json.RawMessage(plan)}); v.Status != Pass {
			t.Fatal(brief(v))
		}
	}
}
