package workspaces

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
)

// Retention says what is kept for how long.
type Retention struct {
	Runs      time.Duration // runs, pull requests and posts
	Artifacts time.Duration // plans and logs
	Size      int64         // of all artifacts, in bytes
	States    int           // newest versions of each state
	StatesFor time.Duration // younger versions are kept besides
	Events    time.Duration // 0 = for ever
	Unused    time.Duration // directories
	MinFree   int64         // bytes that the disk must have free for runs to begin; 0 = any
}

const day = 24 * time.Hour

// The least that is kept: what works on a repository, or reads its comments again, needs no more.
const (
	leastRuns   = 30 * day
	leastUnused = day
)

// DefaultRetention is what an operator's file without a retention block says.
var DefaultRetention = Retention{
	Runs: 365 * day, Artifacts: 90 * day, Size: 10 << 30, States: 100, StatesFor: 90 * day, Unused: 30 * day, MinFree: 512 << 20,
}

type retentionBlock struct {
	Runs      *hcl.Attribute `hcl:"runs,optional"`
	Artifacts *hcl.Attribute `hcl:"artifacts,optional"`
	Size      *hcl.Attribute `hcl:"size,optional"`
	States    *hcl.Attribute `hcl:"states,optional"`
	StatesFor *hcl.Attribute `hcl:"states_for,optional"`
	Events    *hcl.Attribute `hcl:"events,optional"`
	Unused    *hcl.Attribute `hcl:"unused,optional"`
	MinFree   *hcl.Attribute `hcl:"min_free,optional"`
}

func (d *decoder) retention(b *retentionBlock) Retention {
	r := DefaultRetention
	if b == nil {
		return r
	}
	for _, a := range []struct {
		from  *hcl.Attribute
		to    *time.Duration
		least time.Duration
	}{
		{b.Runs, &r.Runs, leastRuns}, {b.Artifacts, &r.Artifacts, day}, {b.StatesFor, &r.StatesFor, 0}, {b.Events, &r.Events, leastRuns}, {b.Unused, &r.Unused, leastUnused},
	} {
		t := d.duration(a.from)
		if t == nil {
			continue
		}
		if *t < a.least {
			d.wrong(a.from, "This must be at least \"%dd\".", a.least/day)
		}
		*a.to = *t
	}
	if r.Artifacts > r.Runs && b.Artifacts != nil {
		d.wrong(b.Artifacts, "Plans and logs go with their runs: this must not be more than runs, which is %d days.", r.Runs/day)
	}
	r.Artifacts = min(r.Artifacts, r.Runs)
	if n := d.count(b.States); n != nil {
		r.States = *n
	}
	for _, a := range []struct {
		from *hcl.Attribute
		to   *int64
	}{{b.Size, &r.Size}, {b.MinFree, &r.MinFree}} {
		if n, ok := d.size(a.from); ok {
			*a.to = n
		}
	}
	return r
}

// size reads a number of bytes with a unit.
func (d *decoder) size(a *hcl.Attribute) (int64, bool) {
	s := d.text(a)
	if s == "" {
		return 0, false
	}
	n, ok := parseSize(s)
	if !ok {
		d.wrong(a, "%q is not a size. Write it like \"500MiB\" or \"10GiB\".", s)
	}
	return n, ok
}

// parseSize reads "10GiB"; a number alone is bytes.
func parseSize(s string) (int64, bool) {
	unit := int64(1)
	for i, suffix := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if number, has := strings.CutSuffix(s, suffix); has {
			s, unit = strings.TrimSpace(number), int64(1)<<(10*(i+1))
		}
	}
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil || n > uint64(math.MaxInt64/unit) {
		return 0, false
	}
	return int64(n) * unit, true
}
