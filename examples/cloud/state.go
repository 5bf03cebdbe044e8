package cloud

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// state is what the cloud holds, and how it is written to the state file.
type state struct {
	Seq     int64    `json:"seq"` // of the last entry of the journal that is in here
	Objects []Object `json:"objects"`
	Images  []Image  `json:"images"`

	journal []Entry
}

// loadState reads the state file and what only the journal has.
func loadState(path string) (state, error) {
	st := state{Images: firstImages()}
	data, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return state{}, err
	default:
		st = state{}
		if err := json.Unmarshal(data, &st); err != nil {
			return state{}, fmt.Errorf("the state file is damaged; delete it to rebuild it from %s: %w", journalPath(path), err)
		}
	}
	entries, err := readJournal(journalPath(path))
	if err != nil {
		return state{}, err
	}
	for _, e := range entries {
		if e.Seq > st.Seq {
			st.apply(e)
		}
	}
	st.journal = entries
	return st, nil
}

func journalPath(path string) string { return path + ".journal" }

// save writes the state file atomically.
func (s *state) save(path string) (err error) {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*") // mode 0600: it holds secrets
	if err != nil {
		return err
	}
	_, err = f.Write(append(data, '\n'))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// apply does what an entry of the journal says.
func (s *state) apply(e Entry) {
	s.Seq = e.Seq
	if e.Kind == "image" {
		family, _ := e.After["family"].(string)
		s.Images = append(s.Images, Image{ID: e.ID, Family: family, Name: e.Name})
		return
	}
	i := slices.IndexFunc(s.Objects, func(o Object) bool { return o.ID == e.ID })
	object := Object{Kind: e.Kind, ID: e.ID, Attributes: e.After}
	switch {
	case e.After == nil && i >= 0:
		s.Objects = slices.Delete(s.Objects, i, i+1)
	case e.After == nil:
	case i >= 0:
		s.Objects[i] = object
	default:
		s.Objects = append(s.Objects, object)
	}
}

// list returns copies of the objects that match, by kind and then in the order of creation.
func (s *state) list(match func(Object) bool) []Object {
	var out []Object
	for _, o := range s.Objects {
		if match(o) {
			out = append(out, o.clone())
		}
	}
	slices.SortStableFunc(out, func(a, b Object) int { return strings.Compare(a.Kind, b.Kind) })
	return out
}

// find returns a copy of an object.
func (s *state) find(kindName, id string) (Object, error) {
	for _, o := range s.Objects {
		if o.Kind == kindName && o.ID == id {
			return o.clone(), nil
		}
	}
	return Object{}, notFound("no %s %q", kindName, id)
}

// commit records an entry, then does it, then saves the state. Only the record decides: when saving fails, the next start
// recovers from the journal. The caller holds the lock.
func (c *Cloud) commit(e Entry) error {
	e.Seq, e.Time = c.state.Seq+1, time.Now().UTC()
	if err := appendJournal(journalPath(c.path), e); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	c.state.apply(e)
	c.state.journal = append(c.state.journal, e)
	close(c.grown)
	c.grown = make(chan struct{})
	if err := c.state.save(c.path); err != nil {
		c.logger.Error("the state file could not be written; the journal has it", "path", c.path, "error", err)
	}
	c.logger.Info(e.Op, "kind", e.Kind, "id", e.ID, "name", e.Name, "run", e.Run)
	return nil
}
