package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

// TestChart: the chart is an image with a point for each measurement.
func TestChart(t *testing.T) {
	t.Parallel()
	text := chart([]point{{1, 0.2, 0.3, ""}, {10, 1, 1.1, ""}, {100, 11, 10, ""}}, "2 at a time")
	circles := 0
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "circle" {
			circles++
		}
	}
	if circles != 6 || strings.Contains(text, "NaN") || strings.Contains(text, "!") {
		t.Errorf("%d points\n%s", circles, text)
	}
}

func TestSample(t *testing.T) {
	t.Parallel()
	if got := (sample{3, 1, 2}).median(); got != 2 {
		t.Error(got)
	}
	if got := (sample{4, 1, 2, 3}).median(); got != 2.5 {
		t.Error(got)
	}
	p := pairs{}
	p.add(2, 3)
	p.add(1, 2)
	if got := p.ratios().median(); got != 1.75 {
		t.Error(got)
	}
}
