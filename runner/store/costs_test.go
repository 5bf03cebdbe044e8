package store

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/uptrace/bun"

	"github.com/driftlessops/driftless/runner"
)

// TestListsReadWhatTheyShow wants an index for every query of lists and statuses: nothing may read all runs, events or posts, nor sort
// more than it shows.
func TestListsReadWhatTheyShow(t *testing.T) {
	t.Parallel()
	db := openTest(t)
	for name, query := range EstateQueries() {
		for _, asked := range heard(t, db, query) {
			plan := planOf(t, db, asked)
			if strings.Contains(asked, "LIMIT") && strings.Contains(plan, "TEMP B-TREE FOR ORDER BY") && !strings.Contains(plan, "posts_waiting") {
				t.Errorf("%s sorts all for a page:\n%s\n%s", name, asked, plan)
			}
			page := strings.Contains(asked, "LIMIT") && (!strings.Contains(asked, "WHERE") || name == "events/since") // of the newest
			for _, step := range strings.Split(plan, "\n") {
				table, all := strings.CutPrefix(step, "SCAN ")
				of, _, _ := strings.Cut(table, " ")
				if all && !page && slices.Contains(many, of) && !strings.Contains(table, "posts_waiting") {
					t.Errorf("%s reads them all: %s\n%s", name, step, asked)
				}
			}
		}
	}
}

// TestListsReadWhatTheyShowOnPostgres counts the rows that are looked at, in an estate of which PostgreSQL has its statistics.
func TestListsReadWhatTheyShowOnPostgres(t *testing.T) {
	t.Parallel()
	db := openTestURL(t)
	for _, statement := range append(slices.Clone(Estate), "ANALYZE") {
		if _, err := db.writer.ExecContext(t.Context(), ToPostgres.Replace(PartOf(statement, 8_000))); err != nil {
			t.Fatal(err)
		}
	}
	for name, query := range EstateQueries() {
		for _, asked := range heard(t, db, query) {
			var text string
			if err := db.readers.QueryRowContext(t.Context(), "EXPLAIN (ANALYZE, FORMAT JSON) "+asked).Scan(&text); err != nil {
				t.Fatalf("%s: %v\n%s", name, err, asked)
			}
			var plans []struct{ Plan node }
			if err := json.Unmarshal([]byte(text), &plans); err != nil {
				t.Fatal(err)
			}
			if plan := plans[0].Plan; plan.read() > 10*plan.Rows+500 {
				t.Errorf("%s looks at %.0f rows for %.0f:\n%s\n%s", name, plan.read(), plan.Rows, asked, text)
			}
		}
	}
}

// many are the tables that grow with time, and what queries call them.
var many = []string{"runs", "events", "posts", "run_row", "event_row", "post_row"}

// node is a step of how PostgreSQL answered a query.
type node struct {
	Table   string  `json:"Relation Name"`
	Rows    float64 `json:"Actual Rows"`
	Loops   float64 `json:"Actual Loops"`
	Removed float64 `json:"Rows Removed by Filter"`
	Plans   []node
}

// read is how many rows of large tables were looked at.
func (n node) read() (rows float64) {
	if slices.Contains(many, n.Table) {
		rows = (n.Rows + n.Removed) * n.Loops
	}
	for _, below := range n.Plans {
		rows += below.read()
	}
	return rows
}

// heard are the statements by which a transaction reads.
func heard(t *testing.T, db *DB, query func(runner.Tx) (int, error)) []string {
	t.Helper()
	var ear ear
	ctx := t.Context()
	under, err := db.readers.WithQueryHook(&ear).BeginTx(ctx, &db.dialect.view)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = under.Rollback() }()
	if _, err := query(&tx{ctx: ctx, bun: under, db: db}); err != nil {
		t.Fatal(err)
	}
	return ear.statements
}

type ear struct{ statements []string }

func (e *ear) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context { return ctx }

func (e *ear) AfterQuery(_ context.Context, event *bun.QueryEvent) {
	if strings.HasPrefix(event.Query, "SELECT") {
		e.statements = append(e.statements, event.Query)
	}
}
