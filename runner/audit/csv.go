package audit

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// header are the columns of a CSV export: the fields of a record.
var header = []string{"id", "at", "kind", "actor", "repository", "workspace", "run", "pull", "commit", "message", "data", "previous", "hash"}

// cells are a record as a row. Texts cannot become formulas in a spreadsheet.
func (r Record) cells() []string {
	data := string(r.Data)
	if data == "null" {
		data = ""
	}
	row := []string{
		strconv.FormatInt(r.ID, 10), r.At, r.Kind, r.Actor, r.Repository, r.Workspace, strconv.FormatInt(r.Run, 10),
		strconv.FormatInt(r.Pull, 10), r.Commit, r.Message, data, r.Previous, r.Hash,
	}
	for i, cell := range row {
		row[i] = harmless(cell)
	}
	return row
}

// escapes keep what CSV loses.
var (
	escapes   = strings.NewReplacer(`\`, `\\`, "\r", `\r`)
	unescapes = strings.NewReplacer(`\\`, `\`, `\r`, "\r")
)

// harmless writes a text as a cell: one that a spreadsheet could take for a formula gets a quote before it.
func harmless(s string) string {
	s = escapes.Replace(s)
	if s != "" && strings.ContainsRune("=+-@\t\n'", rune(s[0])) {
		return "'" + s
	}
	return s
}

func unharmed(cell string) string { return unescapes.Replace(strings.TrimPrefix(cell, "'")) }

func readCSV(r io.Reader, each func(Record) error) error {
	in := csv.NewReader(r)
	in.FieldsPerRecord, in.ReuseRecord = len(header), true
	first, err := in.Read()
	if err != nil {
		return err
	}
	if strings.Join(first, ",") != strings.Join(header, ",") {
		return fmt.Errorf("its columns are not %s", strings.Join(header, ","))
	}
	for {
		row, err := in.Read()
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		record, err := recordOf(row)
		if err != nil {
			line, _ := in.FieldPos(0)
			return fmt.Errorf("line %d: %w", line, err)
		}
		if err := each(record); err != nil {
			return err
		}
	}
}

func recordOf(row []string) (r Record, err error) {
	for i, cell := range row {
		row[i] = unharmed(cell)
	}
	for i, number := range map[int]*int64{0: &r.ID, 6: &r.Run, 7: &r.Pull} {
		if *number, err = strconv.ParseInt(row[i], 10, 64); err != nil {
			return r, fmt.Errorf("%s: %q is not a number", header[i], row[i])
		}
	}
	r.At, r.Kind, r.Actor, r.Repository, r.Workspace = row[1], row[2], row[3], row[4], row[5]
	r.Commit, r.Message, r.Data, r.Previous, r.Hash = row[8], row[9], json.RawMessage(row[10]), row[11], row[12]
	if len(r.Data) == 0 {
		r.Data = json.RawMessage("null")
	}
	if !json.Valid(r.Data) {
		return r, fmt.Errorf("data: %q is not JSON", row[10])
	}
	if err := once(r.Data); err != nil {
		return r, fmt.Errorf("data: %w", err)
	}
	return r, nil
}
