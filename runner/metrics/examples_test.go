package metrics_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

var (
	metricName = regexp.MustCompile(`\bdriftless_\w+`)
	summed     = regexp.MustCompile(`_(bucket|sum|count)$`) // of a histogram
)

// named are the metrics of driftless that an expression asks for.
func named(expression string) (names []string) {
	for _, name := range metricName.FindAllString(expression, -1) {
		if strings.HasPrefix(name, "driftless_run_phase_duration_seconds") || strings.HasPrefix(name, "driftless_run_memory_bytes") {
			name = summed.ReplaceAllString(name, "")
		}
		names = append(names, name)
	}
	return names
}

func example(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "examples", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// documented are the metrics in the page, which TestDocumented holds to those that there are.
func documented(t *testing.T) (page string, names map[string]bool) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	names = map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(driftless_\\w+)` \\|").FindAllStringSubmatch(string(data), -1) {
		names[row[1]] = true
	}
	return string(data), names
}

// balanced reports whether the brackets of an expression fit.
func balanced(expression string) bool {
	var open []rune
	pairs := map[rune]rune{')': '(', ']': '[', '}': '{'}
	for _, c := range expression {
		switch want, closes := pairs[c]; {
		case strings.ContainsRune("([{", c):
			open = append(open, c)
		case closes && (len(open) == 0 || open[len(open)-1] != want):
			return false
		case closes:
			open = open[:len(open)-1]
		}
	}
	return len(open) == 0
}

// TestDashboard wants the dashboard to ask for metrics that there are, for each of them, and for nothing twice.
func TestDashboard(t *testing.T) {
	t.Parallel()
	var board struct {
		Panels []struct {
			ID         int
			Type       string
			Title      string
			Datasource struct{ UID string }
			GridPos    struct{ X, Y, W, H int }
			Targets    []struct{ Expr string }
		}
		Templating struct {
			List []struct{ Name, Type, Query any }
		}
	}
	if err := json.Unmarshal(example(t, "grafana/dashboard.json"), &board); err != nil {
		t.Fatal(err)
	}
	_, there := documented(t)
	shown, places := map[string]bool{}, map[[2]int]string{}
	for _, p := range board.Panels {
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				at := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				if places[at] != "" || at[0] >= 24 {
					t.Errorf("%s lies over %q at %v", p.Title, places[at], at)
				}
				places[at] = p.Title
			}
		}
		if p.Type != "row" && (p.Datasource.UID != "${datasource}" || len(p.Targets) == 0) {
			t.Errorf("%s: data source %q, %d targets", p.Title, p.Datasource.UID, len(p.Targets))
		}
		for _, target := range p.Targets {
			if !balanced(target.Expr) {
				t.Errorf("%s: brackets do not fit: %s", p.Title, target.Expr)
			}
			for _, name := range named(target.Expr) {
				if shown[name] = true; !there[name] {
					t.Errorf("%s asks for %s, which there is not", p.Title, name)
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(there)) {
		if !shown[name] {
			t.Errorf("no panel shows %s", name)
		}
	}
	if len(board.Templating.List) == 0 || board.Templating.List[0].Type != "datasource" {
		t.Errorf("the data source cannot be chosen: %+v", board.Templating.List)
	}
}

// TestRules wants alerts to ask for metrics that there are, and to lead to what is to be done.
func TestRules(t *testing.T) {
	t.Parallel()
	var rules struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr         string
				Labels, Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(example(t, "prometheus/rules.yaml"), &rules); err != nil {
		t.Fatal(err)
	}
	page, there := documented(t)
	alerts := 0
	for _, group := range rules.Groups {
		for _, rule := range group.Rules {
			alerts++
			names := named(rule.Expr)
			if !balanced(rule.Expr) || len(names) == 0 && rule.Alert != "DriftlessDown" {
				t.Errorf("%s asks for %v: %s", rule.Alert, names, rule.Expr)
			}
			for _, name := range names {
				if !there[name] {
					t.Errorf("%s asks for %s, which there is not", rule.Alert, name)
				}
			}
			_, anchor, _ := strings.Cut(rule.Annotations["runbook_url"], "docs/operations.md#")
			if anchor != strings.ToLower(rule.Alert) || !strings.Contains(page, "\n#### "+rule.Alert+"\n") {
				t.Errorf("%s: docs/operations.md does not say what to do (%s)", rule.Alert, rule.Annotations["runbook_url"])
			}
			if rule.Labels["severity"] == "" || rule.Annotations["summary"] == "" {
				t.Errorf("%s: labels %v, annotations %v", rule.Alert, rule.Labels, rule.Annotations)
			}
		}
	}
	if n := strings.Count(page, "\n#### Driftless"); n != alerts {
		t.Errorf("%d alerts, and the page says what to do about %d", alerts, n)
	}
}
