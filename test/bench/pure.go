package main

import (
	"fmt"
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// result is a line of go test -bench.
var result = regexp.MustCompile(`(?m)^Benchmark(\S+?)(?:-\d+)?\s+\d+\s+([0-9.]+) ns/op`)

// gobench runs benchmarks of a package, and returns the seconds of each by its name.
func (b *bench) gobench(pkg, name string) (map[string]sample, error) {
	cmd := exec.CommandContext(b.ctx, "go", "test", "-run", "^$", "-bench", name, "-count", strconv.Itoa(b.rounds), "-timeout", "1h", "github.com/driftlessops/driftless/"+pkg)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	all := map[string]sample{}
	for _, m := range result.FindAllStringSubmatch(string(out), -1) {
		ns, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			return nil, err
		}
		all[m[1]] = append(all[m[1]], ns/1e9)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s measured nothing", cmd)
	}
	return all, nil
}

// policies compares an evaluation with OPA's own of the same rules on the same plan.
func policies(b *bench) (figure, verdict string, err error) {
	all, err := b.gobench("policy", "^Benchmark(Evaluate|OPA)$")
	if err != nil {
		return "", "", err
	}
	p := pairs{floor: all["OPA"], ours: all["Evaluate"]}
	return fmt.Sprintf("%s of %s, OPA %s", p.ratios().text(times), p.ours.text(seconds), p.floor.text(seconds)), said(p.ratios().median() <= 1.1), nil
}

func rendering(b *bench) (figure, verdict string, err error) {
	all, err := b.gobench("runner/report", "^BenchmarkRender$/^65536$")
	if err != nil {
		return "", "", err
	}
	took := all["Render/65536"]
	return took.text(seconds), said(took.median() <= 0.2), nil
}

// queries are those of lists and statuses, on both databases.
func queries(b *bench) (figure, verdict string, err error) {
	all, err := b.gobench("runner/store", "^BenchmarkEstate(OnPostgres)?$")
	if err != nil {
		return "", "", err
	}
	var lines []string
	worst := 0.0
	for _, name := range slices.Sorted(maps.Keys(all)) {
		lines = append(lines, name+" "+all[name].text(fine))
		if !strings.HasSuffix(name, "/all") { // ten thousand rows, which are no faster than they are read
			worst = max(worst, all[name].median())
		}
	}
	return strings.Join(lines, "\n"), said(worst <= 0.010), nil
}

func fine(v float64) string { return fmt.Sprintf("%.2f ms", v*1000) }
