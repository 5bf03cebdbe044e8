package planner

import (
	"fmt"
	"strings"
	"testing"
)

// tokenPlan is the plan of one update of an attribute, and of one element that is keyed by it.
func tokenPlan(value string) []byte {
	return fmt.Appendf(nil, `{"format_version":"1.2","timestamp":"2026-01-02T03:04:05Z","resource_changes":[{"address":%s,"mode":"managed","type":"t","name":"a","provider_name":"p",
		"change":{"actions":["update"],"before":{"v":"old","m":{}},"after":{"v":%[2]s,"m":{%[2]s:"x"}},"after_unknown":{}}}]}`,
		compact("t.a["+compact(value)+"]"), compact(value))
}

// What a digest has in the place of the checkout's path and of the time of the plan is no text that anybody can write.
func TestTokensCannotBeForged(t *testing.T) {
	t.Parallel()
	opts := ParseOptions{Key: []byte("key"), Checkout: "/data/1", Settled: "/data/2"}
	for real, forged := range map[string]string{"/data/1/x": "(checkout)/x", "2026-01-02T03:04:05Z": "(timestamp)"} {
		a, b := parsed(t, tokenPlan(real), opts), parsed(t, tokenPlan(forged), opts)
		if a.Digest == b.Digest || a.Changes[0].Digest == b.Changes[0].Digest {
			t.Errorf("%q has the digest of %q", forged, real)
		}
	}
	update := func(before, after string) []byte {
		return fmt.Appendf(nil, `{"format_version":"1.2","resource_changes":[{"address":"t.a","mode":"managed","type":"t","name":"a","provider_name":"p",
			"change":{"actions":["update"],"before":{"v":%q},"after":{"v":%q},"after_unknown":{}}}]}`, before, after)
	}
	for _, c := range []struct {
		before, after string
		changes       int
	}{{"/data/2/x", "/data/1/x", 0}, {"(checkout)/x", "/data/1/x", 1}, {"/data/2/x", "(checkout)/x", 1}} {
		if p := parsed(t, update(c.before, c.after), opts); len(p.Changes) != c.changes {
			t.Errorf("%s -> %s: %d changes, want %d", c.before, c.after, len(p.Changes), c.changes)
		}
	}
}

func TestTokensAreNotShown(t *testing.T) {
	t.Parallel()
	opts := ParseOptions{Key: []byte("key"), Checkout: "/data/1", Drift: true, Volatile: []string{`m["(checkout)/*"]`}}
	raw := strings.Replace(string(tokenPlan("/data/1/x")), `"resource_changes"`, `"checks":[{"address":{"to_display":"check.c"},"status":"fail","instances":[{"problems":[{"message":"no /data/1/x"}]}]}],
		"resource_drift":[{"address":"t.a[\"/data/1/x\"]","type":"t","name":"a","change":{"actions":["update"],"before":{"v":"/data/1"},"after":{"v":"old"}}}],"resource_changes"`, 1)
	p := parsed(t, []byte(raw), opts)
	secret := strings.Trim(newToken(newDigester(opts.Key), "checkout").secret, "()")
	text := string(encode(p)) + string(p.JSON) + p.Changes[0].Diff() + p.Drift[0].Diff()
	if strings.Contains(text, secret) || strings.Contains(text, "/data/1") {
		t.Errorf("the token or the path is shown:\n%s", text)
	}
	if c := p.Changes[0]; c.Address != `t.a["(checkout)/x"]` || !strings.Contains(c.Diff(), `= "old" -> "(checkout)/x"`) {
		t.Errorf("%s\n%s", c.Address, c.Diff())
	}
	if len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], "no (checkout)/x") {
		t.Errorf("warnings %q", p.Warnings)
	}
	if want := `t.a["(checkout)/x"]:m["(checkout)/x"]`; len(p.Volatile) != 1 || p.Volatile[0] != want {
		t.Errorf("volatile %q, want %q", p.Volatile, want)
	}
	_, real, _ := strings.Cut(strings.TrimSuffix(string(tokenPlan("/data/1/x")), "]}"), `"resource_changes":[`)
	_, forged, _ := strings.Cut(strings.TrimSuffix(string(tokenPlan("(checkout)/x")), "]}"), `"resource_changes":[`)
	for _, second := range []string{real, forged} { // people could not tell them apart
		_, err := Parse([]byte(`{"format_version":"1.2","resource_changes":[`+real+","+second+"]}"), opts)
		if err == nil || !strings.Contains(err.Error(), `t.a["(checkout)/x"] is planned twice`) {
			t.Errorf("error %v", err)
		}
	}
}
