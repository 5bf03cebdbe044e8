package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"time"

	"github.com/driftlessops/driftless/test/forges"
)

// point is what a pull request of so many workspaces takes, in seconds.
type point struct {
	workspaces  int
	floor, ours float64
	text        string
}

// grow measures pull requests of more and more workspaces, and draws the chart of the docs.
func (b *bench) grow(file string) error {
	sizes := []int{1, 10, 100}
	if b.large {
		sizes = append(sizes, 1000)
	}
	var points []point
	for _, n := range sizes {
		p, err := b.point(estate{roots: n, cloud: true})
		if err != nil {
			return fmt.Errorf("%d workspaces: %w", n, err)
		}
		fmt.Printf("%d workspaces: %s\n", n, p.text)
		points = append(points, p)
	}
	return os.WriteFile(file, []byte(chart(points, fmt.Sprintf("simulated cloud, %d at a time", b.jobs))), 0o644)
}

func (b *bench) point(e estate) (p point, err error) {
	s, err := b.stage(e)
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	var all pairs
	_, began, err := s.resident()
	if err != nil {
		return p, err
	}
	rounds := min(b.rounds, 3)
	if e.roots > 100 {
		rounds = 1 // each takes ten minutes
	}
	for i := range rounds {
		files := e.changed(e.roots, fmt.Sprintf("value-%d", i))
		floor, err := b.floor(s, "plan", files)
		if err != nil {
			return p, err
		}
		time.Sleep(webhookPause)
		ours, err := timed(func() error { _, err := s.propose(fmt.Sprintf("b%d", i), files); return err })
		if err != nil {
			return p, err
		}
		all.add(floor, ours)
	}
	size, ended, err := s.resident()
	if err != nil {
		return p, err
	}
	text := fmt.Sprintf("%s of %s, floor %s; of each, %s of driftless's own processor time; afterwards %.0f MiB resident",
		all.ratios().text(times), all.ours.text(seconds), all.floor.text(seconds), seconds((ended-began)/float64(rounds)), size/(1<<20))
	return point{e.roots, all.floor.median(), all.ours.median(), text}, nil
}

// propose opens a pull request, and waits for its report.
func (s *stage) propose(branch string, files map[string]string) (number int, err error) {
	if _, err := s.repo.Commit("ada", branch, "Change", files); err != nil {
		return 0, err
	}
	if number, err = s.repo.Open("ada", branch, "", "Change "+branch, forges.OpenOptions{}); err != nil {
		return 0, err
	}
	return number, errors.Join(s.wake(), s.reported(number))
}

// The chart has both axes in powers of ten.
const (
	wide, high  = 640, 400
	left, right = 70, 20
	top, bottom = 40, 50
)

// chart draws what the engine alone takes and what driftless does, as the work grows.
func chart(points []point, title string) string {
	least, most := math.Inf(1), 0.0
	for _, p := range points {
		least, most = min(least, p.floor, p.ours), max(most, p.floor, p.ours)
	}
	from, to := math.Floor(math.Log10(least)), math.Ceil(math.Log10(most))
	first, last := math.Log10(float64(points[0].workspaces)), math.Log10(float64(points[len(points)-1].workspaces))
	x := func(n int) float64 {
		return left + (math.Log10(float64(n))-first)/(last-first)*(wide-left-right)
	}
	y := func(v float64) float64 { return high - bottom - (math.Log10(v)-from)/(to-from)*(high-top-bottom) }
	var s strings.Builder
	fmt.Fprintf(&s, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">`+"\n", wide, high)
	fmt.Fprintf(&s, `<rect width="%d" height="%d" fill="white"/>`+"\n", wide, high)
	fmt.Fprintf(&s, `<text x="%d" y="22" font-size="15">From a push to the final report, %s</text>`+"\n", left, title)
	for e := from; e <= to; e++ {
		v := math.Pow(10, e)
		fmt.Fprintf(&s, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%g s</text>`+"\n", left, wide-right, y(v), y(v), left-8, y(v)+4, v)
	}
	for _, p := range points {
		fmt.Fprintf(&s, `<line x1="%.1[1]f" x2="%.1[1]f" y1="%[2]d" y2="%[3]d" stroke="#eee"/><text x="%.1[1]f" y="%[4]d" text-anchor="middle">%[5]d</text>`+"\n", x(p.workspaces), top, high-bottom, high-bottom+20, p.workspaces)
	}
	fmt.Fprintf(&s, `<text x="%d" y="%d" text-anchor="middle">workspaces that the pull request touches</text>`+"\n", (wide+left-right)/2, high-10)
	for i, line := range []struct {
		name, colour string
		of           func(point) float64
	}{{"the engine alone", "#888", func(p point) float64 { return p.floor }}, {"driftless", "#0b6", func(p point) float64 { return p.ours }}} {
		var path []string
		for _, p := range points {
			path = append(path, fmt.Sprintf("%.1f,%.1f", x(p.workspaces), y(line.of(p))))
			fmt.Fprintf(&s, `<circle cx="%.1f" cy="%.1f" r="4" fill="%s"/>`+"\n", x(p.workspaces), y(line.of(p)), line.colour)
		}
		fmt.Fprintf(&s, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", strings.Join(path, " "), line.colour)
		fmt.Fprintf(&s, `<text x="%d" y="%d" fill="%s">%s</text>`+"\n", left+14, top+16+18*i, line.colour, line.name)
	}
	s.WriteString("</svg>\n")
	return s.String()
}
