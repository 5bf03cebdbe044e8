// Command bench prints how long driftless takes for what people wait for, beside what the engine alone takes for the same files
// on the same machine: go run ./test/bench. Nothing else should run meanwhile.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
)

// bench is what all rows share.
type bench struct {
	ctx    context.Context
	built  built
	dir    string
	rounds int
	jobs   int
	large  bool
	chart  string
}

// row is one line of the table.
type row struct {
	name, target string
	measure      func(*bench) (figure, verdict string, err error)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	b := &bench{ctx: ctx}
	only := flag.String("only", "", "measure only the rows whose names match `regexp`")
	flag.IntVar(&b.rounds, "n", 5, "`rounds` of each measurement; of discovery and the drift sweep three at most")
	flag.IntVar(&b.jobs, "jobs", runtime.GOMAXPROCS(0), "`processes` that work at a time, of driftless and of the floor")
	flag.BoolVar(&b.large, "large", false, "1,000 workspaces for the drift sweep, which take half an hour more")
	flag.StringVar(&b.chart, "chart", "", "measure nothing but pull requests of 1, 10 and 100 workspaces (with -large of 1,000, too), and draw them into `file`")
	flag.Parse()
	if flag.NArg() > 0 || b.rounds < 1 || b.jobs < 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := b.run(*only); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (b *bench) run(only string) (err error) {
	matches, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	var names []string
	for _, r := range rows {
		names = append(names, r.name)
	}
	if b.chart == "" && !slices.ContainsFunc(names, matches.MatchString) {
		return fmt.Errorf("-only %s: there is no such row. There are:\n%s", only, strings.Join(names, "\n"))
	}
	if b.dir, err = os.MkdirTemp("", "driftless-bench-"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(b.dir) }()
	if b.built, err = build(b.ctx, b.dir); err != nil {
		return err
	}
	fmt.Printf("%s/%s, %d processors, %d at a time, %d rounds; medians (least to most)\n\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), b.jobs, b.rounds)
	if b.chart != "" {
		return b.grow(b.chart)
	}
	fmt.Printf("| what | target | measured | |\n|---|---|---|---|\n")
	for _, r := range rows {
		if !matches.MatchString(r.name) {
			continue
		}
		figure, verdict, err := r.measure(b)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		fmt.Printf("| %s | %s | %s | %s |\n", r.name, r.target, strings.ReplaceAll(figure, "\n", "<br>"), verdict)
	}
	return nil
}
