package tracing

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// received is what a receiver of traces was sent: the names of services and of their spans.
type received struct {
	collector.UnimplementedTraceServiceServer
	spans chan string
}

func (r *received) Export(_ context.Context, req *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	for _, from := range req.ResourceSpans {
		service := ""
		for _, a := range from.Resource.Attributes {
			if a.Key == "service.name" || a.Key == "service.version" {
				service += a.Value.GetStringValue() + " "
			}
		}
		for _, scope := range from.ScopeSpans {
			for _, span := range scope.Spans {
				r.spans <- service + span.Name
			}
		}
	}
	return &collector.ExportTraceServiceResponse{}, nil
}

func (r *received) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	var sent collector.ExportTraceServiceRequest
	body, err := io.ReadAll(req.Body)
	if err == nil {
		err = proto.Unmarshal(body, &sent)
	}
	if err != nil || req.URL.Path != "/v1/traces" || req.Header.Get("X-Token") != "t" {
		http.Error(w, "not as it should be", http.StatusBadRequest)
		return
	}
	_, _ = r.Export(req.Context(), &sent)
}

// clear empties the standard variables.
func clear(t *testing.T) {
	for _, name := range []string{
		"OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
		"OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES",
	} {
		t.Setenv(name, "")
	}
}

func TestExport(t *testing.T) {
	got := &received{spans: make(chan string, 10)}
	web := httptest.NewServer(got)
	defer web.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	rpc := grpc.NewServer()
	collector.RegisterTraceServiceServer(rpc, got)
	go func() { _ = rpc.Serve(listener) }()
	defer rpc.Stop()
	for name, test := range map[string]struct {
		env  map[string]string
		want string
	}{
		"http": {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": web.URL, "OTEL_EXPORTER_OTLP_HEADERS": "x-token=t"}, "driftless 1.2.3 work"},
		"name": {map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": web.URL + "/v1/traces", "OTEL_EXPORTER_OTLP_HEADERS": "x-token=t", "OTEL_SERVICE_NAME": "infra"}, "infra 1.2.3 work"},
		"grpc": {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://" + listener.Addr().String(), "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "driftless 1.2.3 work"},
	} {
		t.Run(name, func(t *testing.T) {
			clear(t)
			for name, value := range test.env {
				t.Setenv(name, value)
			}
			var log strings.Builder
			tracer, stop := New(t.Context(), "1.2.3", slog.New(slog.NewTextHandler(&log, nil)))
			if tracer == nil {
				t.Fatal("there is no tracer: ", log.String())
			}
			_, span := tracer.Start(t.Context(), "work")
			span.End()
			if err := stop(); err != nil || len(got.spans) != 1 {
				t.Fatalf("%d spans, %v, %s", len(got.spans), err, log.String())
			}
			if span := <-got.spans; span != test.want {
				t.Errorf("got %q, want %q", span, test.want)
			}
		})
	}
}

// TestNotExported has no traces where none are asked for, and says why where they cannot be had.
func TestNotExported(t *testing.T) {
	for name, test := range map[string]struct {
		env  map[string]string
		said string
	}{
		"nothing set": {nil, ""},
		"disabled":    {map[string]string{"OTEL_SDK_DISABLED": "TRUE", "OTEL_TRACES_EXPORTER": "otlp"}, ""},
		"none":        {map[string]string{"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, ""},
		"unknown":     {map[string]string{"OTEL_TRACES_EXPORTER": "zipkin"}, "driftless has otlp and none"},
		"protocol": {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"},
			"driftless has http/protobuf and grpc"},
	} {
		t.Run(name, func(t *testing.T) {
			clear(t)
			for name, value := range test.env {
				t.Setenv(name, value)
			}
			var log strings.Builder
			tracer, stop := New(t.Context(), "", slog.New(slog.NewTextHandler(&log, nil)))
			if err := stop(); err != nil || tracer != nil {
				t.Errorf("%v %v", tracer, err)
			}
			if !strings.Contains(log.String(), test.said) || (log.String() == "") != (test.said == "") {
				t.Errorf("it says %q", log.String())
			}
		})
	}
}
