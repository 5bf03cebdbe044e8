package store

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"
)

// nested is a value that is kept as JSON.
type nested[T any] struct{ value T }

// Value implements driver.Valuer.
func (n nested[T]) Value() (driver.Value, error) {
	data, err := json.Marshal(n.value)
	return string(data), err
}

// Scan implements sql.Scanner.
func (n *nested[T]) Scan(value any) error {
	data, err := column(value)
	if err != nil {
		return err
	}
	var fresh T
	if data == "null" { // most are
		n.value = fresh
		return nil
	}
	if err := json.Unmarshal([]byte(data), &fresh); err != nil {
		return fmt.Errorf("a column of JSON: %w", err)
	}
	n.value = fresh
	return nil
}

// flag is kept as 0 or 1: no database disagrees about integers.
type flag bool

// Value implements driver.Valuer.
func (f flag) Value() (driver.Value, error) {
	if f {
		return int64(1), nil
	}
	return int64(0), nil
}

// Scan implements sql.Scanner.
func (f *flag) Scan(value any) error {
	n, ok := value.(int64)
	if !ok {
		return fmt.Errorf("a column of integers holds %T", value)
	}
	*f = n != 0
	return nil
}

// raw is JSON from elsewhere, kept to the byte; "" is none.
func raw(column text) json.RawMessage {
	if column == "" {
		return nil
	}
	return json.RawMessage(column)
}

// micros is how a time is kept: microseconds since 1970, 0 for none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func moment(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// exact is a time as it comes back from the database.
func exact(t time.Time) time.Time { return moment(micros(t)) }
