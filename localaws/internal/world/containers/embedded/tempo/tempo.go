// Package tempo is an embedded Grafana Tempo: it reads the configuration, answers
// on its HTTP port, and takes traces by OTLP over gRPC and HTTP. It keeps the ids
// of the traces that it got, not their spans.
package tempo

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

// Version is the release that the embedded Tempo answers as.
const Version = "2.6.1"

// traceCost is what a trace's id takes, in bytes, beside its text.
const traceCost = 64

// readyAfter is how long, in AWS's time, the ingester waits before it is ready.
const readyAfter = 15 * time.Second

// Programs are what the files of the image run.
func Programs() map[string]kernel.Program {
	return map[string]kernel.Program{"tempo": run}
}

// Install puts the program where the image has it.
func Install(files *kernel.Tree) error { return kernel.InstallProgram(files, "/tempo", "tempo") }

// server is a running Tempo.
type server struct {
	p     *kernel.Process
	ready time.Time

	mu     sync.Mutex
	traces map[string]bool // by id, hexadecimal
}

func run(ctx context.Context, p *kernel.Process) int {
	f, err := parseFlags(p.Args[1:])
	if err != nil {
		p.Errorf("%s", err)
		return 2
	}
	switch {
	case f.version:
		_, _ = fmt.Fprintf(p.Stdout, "tempo, version %s\n", Version)
		return 0
	case f.health:
		return health(ctx, p, f.healthURL)
	}
	c, err := load(p, f)
	if err != nil {
		p.Errorf("%s", err)
		return 1
	}
	if f.verify {
		return 0
	}
	s := &server{p: p, ready: p.Kernel.Clock.In(readyAfter), traces: map[string]bool{}}
	return s.serve(ctx, c)
}

func (s *server) log(level, format string, values ...any) {
	_, _ = fmt.Fprintf(s.p.Stderr, "level=%s ts=%s caller=main.go msg=%q\n",
		level, s.p.Kernel.Clock.Now().UTC().Format(time.RFC3339Nano), fmt.Sprintf(format, values...))
}

// serve listens on all ports until a signal comes.
func (s *server) serve(ctx context.Context, c *Config) int {
	signals := make(chan kernel.Signal, 1)
	s.p.Notify(signals, kernel.SIGTERM, kernel.SIGINT)
	s.log("info", "Starting Tempo version=%s target=%s", Version, c.Target)
	otlp := &grpcServer{memory: s.p.Kernel.Memory, methods: map[string]method{"/opentelemetry.proto.collector.trace.v1.TraceService/Export": s.export}}
	internal := &grpcServer{memory: s.p.Kernel.Memory, methods: map[string]method{"/grpc.health.v1.Health/Check": s.check}}
	var serving sync.WaitGroup
	var servers []*http.Server
	defer func() {
		for _, srv := range servers {
			_ = srv.Close()
		}
		serving.Wait()
	}()
	for _, port := range []struct {
		name    string
		at      netip.AddrPort
		handler http.Handler
	}{
		{"http", c.HTTP, s.api()}, {"grpc", c.GRPC, internal},
		{"otlp/grpc", c.OTLPGRPC, otlp}, {"otlp/http", c.OTLPHTTP, http.HandlerFunc(s.exportHTTP)},
	} {
		if !port.at.IsValid() {
			continue
		}
		listener, err := s.p.Kernel.Ports.Listen(port.at)
		if err != nil {
			s.log("error", "error running Tempo: %s server: %s", port.name, err)
			return 1
		}
		protocols := new(http.Protocols)
		protocols.SetHTTP1(true)
		protocols.SetUnencryptedHTTP2(true)
		srv := &http.Server{
			Handler: s.p.Kernel.Metered(port.handler), Protocols: protocols, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0),
		}
		servers = append(servers, srv)
		serving.Go(func() { _ = srv.Serve(listener) }) // ends by Close
		s.log("info", "server listening on %s for %s", port.at, port.name)
	}
	s.log("info", "Tempo started")
	select {
	case <-ctx.Done():
	case <-signals:
		s.log("info", "Tempo stopped")
	}
	return 0
}

// api is the HTTP interface, https://grafana.com/docs/tempo/latest/api_docs/.
func (s *server) api() http.Handler {
	mux := http.NewServeMux()
	text := func(path, answer string) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_, _ = io.WriteString(w, answer) // the client may have gone
		})
	}
	mux.HandleFunc("GET /ready", s.answerReady)
	mux.HandleFunc("GET /api/traces/{id}", s.trace)
	mux.HandleFunc("GET /api/v2/traces/{id}", s.trace)
	mux.HandleFunc("GET /api/search", s.search)
	text("/api/echo", "echo")
	text("/status", "tempo, version "+Version+"\n")
	text("/status/version", "tempo, version "+Version+"\n")
	mux.HandleFunc("GET /api/status/buildinfo", func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, map[string]string{"version": Version})
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = fmt.Fprintf(w, "# TYPE tempo_ingester_traces_created_total counter\ntempo_ingester_traces_created_total %d\n", len(s.traces))
	})
	return mux
}

func answerJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value) // the client may have gone
}

func (s *server) answerReady(w http.ResponseWriter, _ *http.Request) {
	if s.p.Kernel.Clock.Now().Before(s.ready) {
		http.Error(w, "Ingester not ready: waiting for 15s after being ready", http.StatusServiceUnavailable)
		return
	}
	_, _ = io.WriteString(w, "ready\n") // the client may have gone
}

// trace finds a trace that came by OTLP.
func (s *server) trace(w http.ResponseWriter, r *http.Request) {
	id := strings.ToLower(r.PathValue("id"))
	s.mu.Lock()
	known := s.traces[id]
	s.mu.Unlock()
	if !known {
		http.Error(w, "trace not found", http.StatusNotFound)
		return
	}
	answerJSON(w, map[string]any{"traceID": id, "batches": []any{}})
}

func (s *server) search(w http.ResponseWriter, _ *http.Request) {
	found := []map[string]string{}
	s.mu.Lock()
	for id := range s.traces {
		found = append(found, map[string]string{"traceID": id})
	}
	s.mu.Unlock()
	answerJSON(w, map[string]any{"traces": found, "metrics": map[string]any{}})
}

// check is the standard health service: field 1 of its answer, 1, is SERVING.
func (s *server) check([]byte) ([]byte, error) { return []byte{0x08, 0x01}, nil }

// Field numbers of OTLP: a request holds ResourceSpans, these ScopeSpans, these
// Spans, and a Span its trace's id.
const (
	fieldResourceSpans = 1
	fieldScopeSpans    = 2
	fieldSpans         = 2
	fieldTraceID       = 1
)

// export takes an ExportTraceServiceRequest; the answer is an empty message.
func (s *server) export(request []byte) ([]byte, error) {
	var ids []string
	err := within(request, []uint64{fieldResourceSpans, fieldScopeSpans, fieldSpans}, func(span []byte) error {
		return fields(span, func(number uint64, value []byte) error {
			if number != fieldTraceID {
				return nil
			}
			if len(value) != 16 {
				return &status{codeInvalidArgument, "the trace id must have 16 bytes"}
			}
			ids = append(ids, hex.EncodeToString(value))
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if s.traces[id] {
			continue
		}
		if err := s.p.Charge(traceCost + len(id)); err != nil {
			return nil, err
		}
		s.traces[id] = true
	}
	return nil, nil
}

// within calls f with every message at a path of field numbers.
func within(message []byte, path []uint64, f func([]byte) error) error {
	if len(path) == 0 {
		return f(message)
	}
	return fields(message, func(number uint64, value []byte) error {
		if number != path[0] {
			return nil
		}
		return within(value, path[1:], f)
	})
}

// exportHTTP is OTLP over HTTP, in protobuf.
func (s *server) exportHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/v1/traces" {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-protobuf" {
		http.Error(w, "POST with Content-Type application/x-protobuf is expected", http.StatusUnsupportedMediaType)
		return
	}
	size := int(r.ContentLength)
	if size < 0 || size > maxMessage {
		size = maxMessage
	}
	err := s.p.Kernel.Memory.Charge(size)
	if err == nil {
		defer s.p.Kernel.Memory.Release(size)
		var body []byte
		if body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxMessage)); err == nil {
			_, err = s.export(body)
		}
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// health is tempo -health: it asks the running server whether it is ready.
func health(ctx context.Context, p *kernel.Process, address string) int {
	client := &http.Client{Transport: &http.Transport{DialContext: p.Kernel.DialAddress, DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		p.Errorf("health check failed: %s", err)
		return 1
	}
	response, err := client.Do(request)
	if err != nil {
		p.Errorf("health check failed: %s", err)
		return 1
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		p.Errorf("health check failed: status %d", response.StatusCode)
		return 1
	}
	return 0
}
