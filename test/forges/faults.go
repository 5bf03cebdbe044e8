package forges

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

// Faults say how awkward the forge is. The zero value is a healthy one.
type Faults struct {
	Every         int           // every so manieth API request is answered 5xx: in turn before it has an effect and after it
	Share         float64       // this share of API requests as well, by chance from Seed
	Seed          uint64        //
	Slow          time.Duration // before every answer
	Mute          string        // writes to paths that end so have their effect, and are never answered
	HiddenEdits   int           // so many edits and deletions of a new comment answer 404
	UnknownMerges int           // so many asks whether a pull request can be merged are answered with "not known yet"
}

type faultState struct {
	Faults
	chance *rand.Rand
	count  int // API requests since the faults were set
	hits   int

	limit     int // requests per hour
	used      int
	reset     time.Time
	secondary int // so many writes meet the secondary limit
	retry     time.Duration
}

func newFaultState() faultState { return faultState{limit: 5000} }

// SetFaults makes the forge awkward, or well again.
func (w *World) SetFaults(f Faults) {
	defer w.lock()()
	w.faults.Faults, w.faults.count, w.faults.hits = f, 0, 0
	w.faults.chance = rand.New(rand.NewPCG(f.Seed, 1))
}

// SetLimit sets how many charged requests an hour has.
func (w *World) SetLimit(n int) {
	defer w.lock()()
	w.faults.limit, w.faults.used, w.faults.reset = n, 0, time.Time{}
}

// Exhaust uses the primary limit up until a time.
func (w *World) Exhaust(until time.Time) {
	defer w.lock()()
	w.faults.used, w.faults.reset = w.faults.limit, until
}

// LimitWrites lets the next n writes meet the secondary limit. retry is what Retry-After says; 0 = the text says it alone.
func (w *World) LimitWrites(n int, retry time.Duration) {
	defer w.lock()()
	w.faults.secondary, w.faults.retry = n, retry
}

// fate of a request.
type fate int

const (
	well fate = iota
	failsBefore
	failsAfter
)

// fate decides what becomes of the next API request.
func (w *World) fate() (fate, time.Duration) {
	defer w.lock()()
	f := &w.faults
	f.count++
	hit := f.Every > 0 && f.count%f.Every == 0 || f.Share > 0 && f.chance.Float64() < f.Share
	if !hit {
		return well, f.Slow
	}
	f.hits++
	return failsBefore + fate(f.hits%2), f.Slow
}

// mute waits for the end of a request that is never answered.
func (w *World) mute(req *http.Request) {
	unlock := w.lock()
	end := w.faults.Mute
	unlock()
	if end != "" && req.Method != http.MethodGet && strings.HasSuffix(req.URL.Path, end) {
		<-req.Context().Done()
	}
}

// budget is the primary limit as the headers show it.
type budget struct {
	limit, used int
	reset       time.Time
}

// budget returns what there is, and charges a request if it is to.
func (w *World) budget(charge bool) (b budget, ok bool) {
	defer w.lock()()
	f := &w.faults
	if now := w.now(); !now.Before(f.reset) {
		f.used, f.reset = 0, now.Add(time.Hour)
	}
	ok = f.used < f.limit
	if ok && charge {
		f.used++
	}
	return budget{limit: f.limit, used: f.used, reset: f.reset}, ok
}

// secondary reports whether this write meets the secondary limit.
func (w *World) secondary() (met bool, retry time.Duration) {
	defer w.lock()()
	if w.faults.secondary == 0 {
		return false, 0
	}
	w.faults.secondary--
	return true, w.faults.retry
}

// hidden reports whether a comment cannot be found for an edit yet, and counts.
func (r *Repo) hidden(id int64) bool {
	defer r.w.lock()()
	c := r.comments[id]
	if c == nil || c.hidden == 0 {
		return false
	}
	c.hidden--
	return true
}
