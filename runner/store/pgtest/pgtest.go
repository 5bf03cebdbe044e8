// Package pgtest gives tests a real PostgreSQL: the server that DRIFTLESS_TEST_POSTGRES names, or one of the installed
// binaries that lives as long as the test process.
package pgtest

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver of Exec
)

// Variable names, in the environment, the server to use: postgres://USER:PASSWORD@HOST:PORT/DATABASE. Its user must be
// allowed to make schemas in the database.
const Variable = "DRIFTLESS_TEST_POSTGRES"

// server is the one server of this process.
var server = sync.OnceValues(func() (string, error) {
	if named := os.Getenv(Variable); named != "" {
		return named, nil
	}
	return start()
})

var schemas atomic.Int64

// URL is the URL of an empty schema that is removed with the test. Without PostgreSQL the test fails; on a machine that is
// no CI it is skipped.
func URL(t testing.TB) string {
	t.Helper()
	base, err := server()
	if err != nil {
		if os.Getenv("CI") == "" {
			t.Skipf("PostgreSQL: %v", err)
		}
		t.Fatalf("PostgreSQL: %v", err)
	}
	schema, drop, err := Schema(base)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := drop(); err != nil {
			t.Error(err)
		}
	})
	return schema
}

// Schema makes another empty schema on the server of a URL.
func Schema(base string) (_ string, drop func() error, err error) {
	base, _, _ = strings.Cut(base, "&search_path=")
	schema := fmt.Sprintf("test_%d_%d", os.Getpid(), schemas.Add(1))
	drop = func() error { return run(base, "SET client_min_messages = warning; DROP SCHEMA "+schema+" CASCADE") }
	return With(base, "search_path", schema), drop, run(base, "CREATE SCHEMA "+schema)
}

// With adds a parameter to a URL.
func With(base, name, value string) string {
	mark := "?"
	if strings.Contains(base, "?") {
		mark = "&"
	}
	return base + mark + name + "=" + url.QueryEscape(value)
}

// Exec runs statements without values.
func Exec(t testing.TB, on string, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if err := run(on, statement); err != nil {
			t.Fatal(err)
		}
	}
}

func run(on, statement string) error {
	db, err := sql.Open("pgx", With(on, "default_query_exec_mode", "simple_protocol"))
	if err != nil {
		return err
	}
	if _, err = db.Exec(statement); err != nil {
		err = fmt.Errorf("%s: %w", statement, err)
	}
	return errors.Join(err, db.Close())
}
