// Package tracing gives away traces of what driftless does, as the standard variables of OpenTelemetry ask for them.
package tracing

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/time/rate"
)

// stopTime is how long the last spans may take to be sent when driftless ends.
const stopTime = 5 * time.Second

// New returns what makes spans, and what sends the last ones and ends it. Where the environment asks for no traces the tracer
// is nil. What it asks for and cannot be is only warned about: nobody's infrastructure is to wait for that.
func New(ctx context.Context, version string, logger *slog.Logger) (tracer trace.Tracer, stop func() error) {
	none := func() error { return nil }
	if !wanted() {
		return nil, none
	}
	exporter, err := export(ctx)
	if err != nil {
		logger.Warn("no traces are exported", "error", err)
		return nil, none
	}
	about, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithHost(),
		resource.WithAttributes(attribute.String("service.name", "driftless"), attribute.String("service.version", version)), resource.WithFromEnv())
	if err != nil {
		logger.Warn("traces do not say all of where they come from", "error", err)
	}
	warned := rate.Sometimes{Interval: time.Minute}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		warned.Do(func() { logger.Warn("traces could not be exported", "error", err) })
	}))
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about))
	return provider.Tracer("github.com/driftlessops/driftless"), func() error {
		ctx, cancel := context.WithTimeout(context.Background(), stopTime)
		defer cancel()
		if err := provider.Shutdown(ctx); err != nil {
			logger.Warn("the last traces could not be exported", "error", err)
		}
		return nil
	}
}

// wanted reports whether the environment asks for traces: an exporter is chosen, or there is where to send them.
func wanted() bool {
	switch exporter := os.Getenv("OTEL_TRACES_EXPORTER"); {
	case strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") || exporter == "none":
		return false
	case exporter != "":
		return true
	}
	return first("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT") != ""
}

// export makes what sends spans. Where to, with which headers and certificates, it reads from the environment itself.
func export(ctx context.Context) (sdk.SpanExporter, error) {
	if name := os.Getenv("OTEL_TRACES_EXPORTER"); name != "" && name != "otlp" {
		return nil, fmt.Errorf("OTEL_TRACES_EXPORTER=%s: driftless has otlp and none", name)
	}
	switch protocol := first("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"); protocol {
	case "", "http/protobuf":
		return otlptracehttp.New(ctx)
	case "grpc":
		return otlptracegrpc.New(ctx)
	default:
		return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL=%s: driftless has http/protobuf and grpc", protocol)
	}
}

// first is the first of some variables that is set.
func first(names ...string) string {
	for _, name := range names {
		if value := os.Getenv(name); value != "" {
			return value
		}
	}
	return ""
}
