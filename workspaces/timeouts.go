package workspaces

import (
	"strconv"
	"time"
)

// Timeouts say how long each step of a run may take; 0 = as long as it likes.
type Timeouts struct {
	Init   time.Duration
	Plan   time.Duration
	Policy time.Duration
	Apply  time.Duration
	Cancel time.Duration // how long the engine of an apply gets to end when it is interrupted, before it is killed
}

// TimeoutsBlock is timeouts { plan = "1h"  apply = "6h" }; nil fields were not set.
type TimeoutsBlock struct{ Init, Plan, Policy, Apply, Cancel *time.Duration }

// DefaultTimeouts hold where nothing is said.
var DefaultTimeouts = Timeouts{Init: 30 * time.Minute, Plan: 2 * time.Hour, Policy: 2 * time.Minute, Apply: 12 * time.Hour, Cancel: 5 * time.Minute}

func (d *decoder) timeouts(b *timeoutsBody) *TimeoutsBlock {
	if b == nil {
		return nil
	}
	t := &TimeoutsBlock{Init: d.duration(b.Init), Plan: d.duration(b.Plan), Policy: d.duration(b.Policy), Apply: d.duration(b.Apply), Cancel: d.duration(b.Cancel)}
	if t.Cancel != nil && *t.Cancel <= 0 {
		d.wrong(b.Cancel, "An engine that is killed at once cannot save what it did, nor release its lock: give it some time, such as \"5m\".")
	}
	return t
}

func (b *TimeoutsBlock) over(next *TimeoutsBlock) *TimeoutsBlock {
	if b == nil {
		return next
	}
	if next == nil {
		return b
	}
	merged := *b
	for _, one := range []struct{ to, from **time.Duration }{
		{&merged.Init, &next.Init}, {&merged.Plan, &next.Plan}, {&merged.Policy, &next.Policy}, {&merged.Apply, &next.Apply}, {&merged.Cancel, &next.Cancel},
	} {
		replace(one.to, *one.from)
	}
	return &merged
}

// resolved is what holds, with the defaults.
func (b *TimeoutsBlock) resolved() Timeouts {
	t := DefaultTimeouts
	if b == nil {
		return t
	}
	for _, one := range []struct {
		to   *time.Duration
		from *time.Duration
	}{{&t.Init, b.Init}, {&t.Plan, b.Plan}, {&t.Policy, b.Policy}, {&t.Apply, b.Apply}, {&t.Cancel, b.Cancel}} {
		if one.from != nil {
			*one.to = *one.from
		}
	}
	return t
}

// texts are the limits that are set, as configuration attributes.
func (b *TimeoutsBlock) texts() map[string]string {
	texts := map[string]string{}
	if b == nil {
		return texts
	}
	for name, value := range map[string]*time.Duration{"init": b.Init, "plan": b.Plan, "policy": b.Policy, "apply": b.Apply, "cancel": b.Cancel} {
		if value != nil {
			texts["timeouts."+name] = strconv.Quote(value.String())
		}
	}
	return texts
}
