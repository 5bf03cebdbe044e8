package runner_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/store/pgtest"
)

// said holds what a logger says, until it is read.
type said struct {
	mu    sync.Mutex
	lines []string
}

func (s *said) Write(line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, string(line))
	return len(line), nil
}

// read takes the next line; "" = there is none yet.
func (s *said) read() (line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.lines) > 0 {
		line, s.lines = s.lines[0], s.lines[1:]
	}
	return line
}

// until reads until a line has all of the words.
func (s *said) until(t *testing.T, words ...string) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		line := s.read()
		if line == "" {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(line, word) }) {
			return
		}
	}
	t.Fatalf("nothing said %q", words)
}

// TestAReplicaWaitsForItsDatabaseToBegin: it is away when the replica starts, and then so busy that the first lease is not had in time.
func TestAReplicaWaitsForItsDatabaseToBegin(t *testing.T) {
	t.Parallel()
	f := newFleet(t, map[string][]string{"a": {"one-dev"}})
	wire := pgtest.NewProxy(t, f.url)
	log := &said{}
	only := f.start("only", wire.URL, func(o *runner.Options) {
		o.Logger = slog.New(slog.NewTextHandler(log, nil))
		wire.Refuse()
	})
	log.until(t, "waits for its database to begin", "cannot be reached")
	if why := only.r.Unready(t.Context()); len(why) == 0 {
		t.Error("it is ready without a database")
	}
	busy, err := sql.Open("pgx", f.url)
	f.must(err)
	defer func() { f.must(busy.Close()) }()
	tx, err := busy.Begin()
	f.must(err)
	_, err = tx.Exec("LOCK TABLE replicas IN ACCESS EXCLUSIVE MODE")
	f.must(err)
	wire.Heal()
	log.until(t, "waits for its database to begin", "join the replicas")
	f.must(tx.Rollback())
	f.await("it leads", func(tx runner.Tx) (string, error) { return f.spread(tx, 1) })
	only.end()
}

func TestAwaitStoreGivesUp(t *testing.T) {
	t.Parallel()
	away := fmt.Errorf("open: %w", runner.ErrUnavailable)
	for name, test := range map[string]struct {
		patience time.Duration
		err      error
		calls    int
	}{
		"what nobody mends by waiting": {0, runner.ErrDamaged, 1},
		"when patience is over":        {time.Millisecond, away, 2},
		"nothing is wrong":             {0, nil, 1},
		"when told to":                 {0, away, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			calls := 0
			err := runner.AwaitStore(ctx, slog.New(slog.DiscardHandler), test.patience, func() error {
				if calls++; calls == 3 {
					cancel()
				}
				return test.err
			})
			if !errors.Is(err, test.err) || calls != test.calls {
				t.Errorf("%d calls: %v", calls, err)
			}
		})
	}
}
