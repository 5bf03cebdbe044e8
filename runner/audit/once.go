package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf8"
)

// once refuses a JSON text that readers may understand in different ways: one with a field twice in an object, or with bytes that are
// not UTF-8.
func once(text json.RawMessage) error {
	_, err := fields(text)
	return err
}

// fields are the names of the fields of a JSON object as they are written; of another value there are none.
func fields(text json.RawMessage) ([]string, error) {
	if len(text) == 0 {
		return nil, nil
	}
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("it is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	return value(dec)
}

// value reads one value, and everything in it.
func value(dec *json.Decoder) (names []string, err error) {
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	begin, ok := token.(json.Delim)
	if !ok {
		return nil, nil
	}
	seen := map[string]bool{}
	for dec.More() {
		if begin == '{' {
			token, err := dec.Token()
			if err != nil {
				return nil, err
			}
			name, _ := token.(string)
			if seen[name] {
				return nil, fmt.Errorf("it has the field %q twice", name)
			}
			seen[name] = true
			names = append(names, name)
		}
		if _, err := value(dec); err != nil {
			return nil, err
		}
	}
	_, err = dec.Token()
	return names, err
}

// exact refuses a record that has not the fields of one, each once and written as they are: others would be read in another way elsewhere.
func exact(line json.RawMessage) error {
	names, err := fields(line)
	if err != nil {
		return err
	}
	slices.Sort(names)
	if want := slices.Sorted(slices.Values(header)); !slices.Equal(names, want) {
		return fmt.Errorf("its fields are %q, and not %q", names, want)
	}
	return nil
}
