package audit

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
)

// Writer writes an export, a record at a time.
type Writer struct {
	json *json.Encoder
	csv  *csv.Writer
}

// NewWriter begins an export in a format: "json" is one JSON object on each line, "csv" has a row with the names of the columns.
func NewWriter(w io.Writer, format string) (*Writer, error) {
	if format == "csv" {
		out := &Writer{csv: csv.NewWriter(w)}
		return out, out.csv.Write(header)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return &Writer{json: enc}, nil
}

// Write writes a record.
func (w *Writer) Write(r Record) error {
	if w.csv != nil {
		return w.csv.Write(r.cells())
	}
	return w.json.Encode(r)
}

// Flush writes what is left.
func (w *Writer) Flush() error {
	if w.csv == nil {
		return nil
	}
	w.csv.Flush()
	return w.csv.Error()
}

// Read reads an export, in either format, a record at a time.
func Read(r io.Reader, each func(Record) error) error {
	in := bufio.NewReader(r)
	first, err := in.Peek(1)
	if err == io.EOF {
		return nil
	} else if err != nil {
		return err
	}
	if first[0] != '{' {
		return readCSV(in, each)
	}
	dec := json.NewDecoder(in)
	for n := 1; ; n++ {
		var line json.RawMessage
		if err := dec.Decode(&line); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("record on line %d: %w", n, err)
		}
		record, err := recordIn(line)
		if err != nil {
			return fmt.Errorf("record on line %d: %w", n, err)
		}
		if err := each(record); err != nil {
			return err
		}
	}
}

func recordIn(line json.RawMessage) (r Record, err error) {
	if err := exact(line); err != nil {
		return r, err
	}
	err = json.Unmarshal(line, &r)
	if r.Data == nil {
		r.Data = json.RawMessage("null")
	}
	return r, err
}
