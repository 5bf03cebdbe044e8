package forges

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// object is JSON.
type object = map[string]any

// reply is what an API answers with.
type reply struct {
	status int
	body   any // nil = none
	header http.Header
}

// call is a request to an API whose sender is known.
type call struct {
	*http.Request
	w     *World
	path  string // without the prefix, escaped as it was sent
	web   string // "http://127.0.0.1:1234"
	api   string // web and the prefix
	body  []byte
	token Token
	repo  *Repo // nil where the path names none
}

// raw is a reply in bytes.
type raw struct {
	status int
	header http.Header
	body   []byte
}

func (a reply) raw() raw {
	out := raw{status: a.status, header: a.header}
	if out.header == nil {
		out.header = http.Header{}
	}
	if a.body != nil {
		out.body, _ = json.Marshal(a.body) // maps, slices and plain values
		out.header.Set("Content-Type", "application/json; charset=utf-8")
	}
	return out
}

func (a raw) write(rw http.ResponseWriter) {
	for name, values := range a.header {
		rw.Header()[name] = values
	}
	rw.WriteHeader(a.status)
	_, _ = rw.Write(a.body)
}

func ok(body any) reply                 { return reply{status: http.StatusOK, body: body} }
func created(body any) reply            { return reply{status: http.StatusCreated, body: body} }
func none() reply                       { return reply{status: http.StatusNoContent} }
func refuse(status int, m string) reply { return reply{status: status, body: object{"message": m}} }

// failed is the reply to an error of the model.
func failed(err error) reply {
	status := http.StatusInternalServerError
	switch {
	case errors.Is(err, ErrNotFound):
		status = http.StatusNotFound
	case errors.Is(err, ErrForbidden):
		status = http.StatusForbidden
	case errors.Is(err, ErrConflict):
		status = http.StatusConflict
	case errors.Is(err, ErrBlocked):
		status = http.StatusMethodNotAllowed
	case errors.Is(err, ErrInvalid):
		status = http.StatusUnprocessableEntity
	}
	return refuse(status, err.Error())
}

// readBody returns the body of a request, which is given back to it.
func readBody(req *http.Request) []byte {
	data, _ := io.ReadAll(http.MaxBytesReader(nil, req.Body, 4<<20))
	req.Body = io.NopCloser(bytes.NewReader(data))
	return data
}

// number is a part of the path that is one; 0 = it is not.
func (c *call) number(name string) int64 {
	n, _ := strconv.ParseInt(c.PathValue(name), 10, 64)
	return n
}

// query is a parameter, or what it is when it is not there.
func (c *call) query(name, otherwise string) string {
	if v := c.URL.Query().Get(name); v != "" {
		return v
	}
	return otherwise
}

// since is the parameter of that name; zero = it is not there.
func (c *call) since() time.Time {
	t, _ := time.Parse(time.RFC3339, c.query("since", ""))
	return t
}

// decode reads the body into v.
func (c *call) decode(v any) error {
	if len(c.body) == 0 {
		return nil
	}
	return json.Unmarshal(c.body, v)
}

// tooLong reports whether a text has more than 65,536 characters.
func tooLong(s string) bool { return utf8.RuneCountInString(s) > 65536 }

// page returns the asked page of a list and the headers that lead to the others. size is the parameter for the size of one.
func page[T any](c *call, list []T, size string, standard, most int) ([]T, http.Header) {
	per, _ := strconv.Atoi(c.query(size, strconv.Itoa(standard)))
	at, _ := strconv.Atoi(c.query("page", "1"))
	per, at = min(max(per, 1), most), max(at, 1)
	last := max((len(list)+per-1)/per, 1)
	links := []string{}
	link := func(rel string, n int) {
		q := c.URL.Query()
		q.Set("page", strconv.Itoa(n))
		links = append(links, "<"+c.api+c.path+"?"+q.Encode()+`>; rel="`+rel+`"`)
	}
	if at > 1 {
		link("prev", at-1)
	}
	if at < last {
		link("next", at+1)
		link("last", last)
	}
	if at > 1 {
		link("first", 1)
	}
	h := http.Header{}
	if len(links) > 0 {
		h.Set("Link", strings.Join(links, ", "))
	}
	from := min((at-1)*per, len(list))
	return list[from:min(from+per, len(list))], h
}
