package forgetest

import (
	"net/http"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
)

// idle counts what a poll costs while nothing happens.
func idle(b *bench) {
	for _, branch := range []string{"one", "two", "three"} {
		n, _ := b.topic(branch)
		must(b.repo.Comment("bob", n, "driftless plan"))(b)
	}
	since := b.World.Now()
	round := func() []forge.Comment {
		b.poll(b.host)
		return must(b.host.Comments(b.Context(), since))(b)
	}
	round()
	last := round()
	for range 3 {
		b.World.Pass(time.Minute)
		b.World.ForgetRequests()
		b.same("comments of an idle repository", round(), last)
		all := b.World.Requests()
		if len(all) > 2 {
			b.Errorf("%d requests, want two at most: %+v", len(all), all)
		}
		for _, r := range all {
			if b.Free && (r.Charged || r.Status != http.StatusNotModified) {
				b.Errorf("%s %s cost something: %d", r.Method, r.Path, r.Status)
			}
		}
	}
}
