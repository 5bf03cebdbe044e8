package test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// traces takes what driftless tells OpenTelemetry.
type traces struct {
	*httptest.Server

	mu    sync.Mutex
	spans []*trace.Span
	said  strings.Builder // all of it, as text
}

func newTraces(t *testing.T) *traces {
	r := &traces{}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *traces) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	var sent collector.ExportTraceServiceRequest
	body, err := io.ReadAll(req.Body)
	if err == nil {
		err = proto.Unmarshal(body, &sent)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, from := range sent.ResourceSpans {
		for _, scope := range from.ScopeSpans {
			r.spans = append(r.spans, scope.Spans...)
			for _, span := range scope.Spans {
				r.said.WriteString(span.Name + " " + span.Status.GetMessage() + "\n")
				for _, a := range span.Attributes {
					r.said.WriteString(a.Key + "=" + a.Value.GetStringValue() + "\n")
				}
			}
		}
		for _, a := range from.Resource.Attributes {
			r.said.WriteString(a.Key + "=" + a.Value.GetStringValue() + "\n")
		}
	}
}

// of are the names of the spans of a trace, sorted, whose root has all the attributes; "" when there is no such trace.
func (r *traces) of(root string, attributes map[string]string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var names []string
	for _, span := range r.spans {
		found := 0
		for _, a := range span.Attributes {
			if want, asked := attributes[a.Key]; asked && a.Value.GetStringValue() == want {
				found++
			}
		}
		if span.Name != root || len(span.ParentSpanId) != 0 || found < len(attributes) {
			continue
		}
		for _, one := range r.spans {
			if string(one.TraceId) == string(span.TraceId) {
				names = append(names, one.Name)
			}
		}
		break
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}
