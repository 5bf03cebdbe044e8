package github

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
)

func TestAnInstallationThatIsUsedUpPausesNoOther(t *testing.T) {
	t.Parallel()
	s, _ := appServer(t, time.Hour)
	s.says("GET /repos/big/infra/installation", 200, `{"id":8}`)
	s.says("POST /app/installations/8/access_tokens", 201, `{"token":"b","expires_at":"`+time.Now().Add(time.Hour).UTC().Format(time.RFC3339)+`"}`)
	s.HandleFunc("GET /repos/{owner}/infra/collaborators/ann/permission", func(w http.ResponseWriter, r *http.Request) {
		left := 4000
		if r.PathValue("owner") == "octo" {
			left = 0
		}
		w.Header().Set("X-Ratelimit-Limit", "5000")
		w.Header().Set("X-Ratelimit-Remaining", fmt.Sprint(left))
		w.Header().Set("X-Ratelimit-Reset", fmt.Sprint(time.Now().Add(20*time.Minute).Unix()))
		if left == 0 {
			reply(w, 403, `{"message":"API rate limit exceeded for installation ID 7."}`)
			return
		}
		reply(w, 200, `{"permission":"write"}`)
	})
	a := s.app(t, constantKey)
	ask := func(path string) error {
		_, err := a.Repository(path, nil).Permission(t.Context(), "ann")
		return err
	}
	var later *forge.Later
	if err := ask("octo/infra"); !errors.As(err, &later) {
		t.Errorf("used up: %v", err)
	}
	if err := ask("big/infra"); err != nil {
		t.Errorf("of another installation: %v", err)
	}
	s.asked()
	if err := ask("Octo/infra"); !errors.As(err, &later) || len(s.asked()) > 0 {
		t.Errorf("asked again while it is paused: %v", err)
	}
	if b := a.Budget(); b.Remaining != 0 || b.Limit != 5000 || b.Paused.IsZero() {
		t.Errorf("the scarcest budget: %+v", b)
	}
}
