package server

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/runner"
)

// away is a store whose database cannot be reached.
type away struct{ runner.Store }

func (away) Update(context.Context, func(runner.Tx) error) error {
	return fmt.Errorf("%w: nothing was lost", runner.ErrUnavailable)
}

func (away) View(context.Context, func(runner.Tx) error) error {
	return fmt.Errorf("%w: nothing was lost", runner.ErrUnavailable)
}

// full is a database without room.
type full struct{ away }

func (full) Update(context.Context, func(runner.Tx) error) error {
	return fmt.Errorf("%w: free some, nothing was lost", runner.ErrFull)
}

// TestACommandThatIsNotOnRecordSaysSo: nobody gives it again when the database is back. Who only asked something asked nothing of it.
func TestACommandThatIsNotOnRecordSaysSo(t *testing.T) {
	t.Parallel()
	client := Local(NewAPI(away{}, &runner.Commander{Store: away{}}, slog.New(slog.DiscardHandler)), "anna")
	const said = "is not on record: ask for it again"
	for _, command := range []string{"approve", "resume", "cancel"} {
		if _, err := client.Send(t.Context(), "/v1/runs/1/"+command, map[string]any{}); err == nil || !strings.Contains(err.Error(), said) {
			t.Errorf("%s: %v", command, err)
		}
	}
	client = Local(NewAPI(full{}, &runner.Commander{Store: full{}}, slog.New(slog.DiscardHandler)), "anna")
	if _, err := client.Send(t.Context(), "/v1/runs/1/approve", map[string]any{}); err == nil || !strings.Contains(err.Error(), said) {
		t.Error(err)
	}
	client = Local(NewAPI(away{}, &runner.Commander{Store: away{}}, slog.New(slog.DiscardHandler)), "anna")
	if _, err := client.Raw(t.Context(), "/v1/runs"); err == nil || strings.Contains(err.Error(), said) {
		t.Error(err)
	}
}
