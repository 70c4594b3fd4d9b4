package dataplane

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"time"
)

// webServer serves an HTTP or HTTPS listener of an Application Load Balancer.
type webServer struct {
	front    *front
	http     *http.Server
	proxy    *httputil.ReverseProxy
	requests *tracker
	// ending is done when requests in flight must end.
	ending context.Context
	end    context.CancelFunc
}

// maxHeaders bounds a request's header, as AWS does.
const maxHeaders = 64 << 10

func newWebServer(f *front) *webServer {
	w := &webServer{front: f, requests: newTracker()}
	w.ending, w.end = context.WithCancel(context.Background())
	w.proxy = &httputil.ReverseProxy{
		Rewrite:        rewrite,
		Transport:      viaLease{},
		ModifyResponse: passBack,
		ErrorHandler:   proxyFailed,
		FlushInterval:  -1, // streams pass as they come
		ErrorLog:       slog.NewLogLogger(f.plane.log().Handler(), slog.LevelDebug),
	}
	patience := f.site.Load().patience
	w.http = &http.Server{
		Handler:           w,
		ReadHeaderTimeout: patience,
		IdleTimeout:       patience,
		MaxHeaderBytes:    maxHeaders,
		BaseContext:       func(net.Listener) context.Context { return w.ending },
		ConnContext:       withClient,
		ErrorLog:          slog.NewLogLogger(f.plane.log().Handler(), slog.LevelDebug),
		TLSConfig: &tls.Config{
			GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
				if config := f.site.Load().tls; config != nil && len(config.Certificates) > 0 {
					return config, nil
				}
				return nil, errors.New("the listener has no certificate")
			},
		},
	}
	return w
}

func (w *webServer) serve(listener net.Listener) {
	var err error
	if w.front.key.protocol == "HTTPS" {
		err = w.http.ServeTLS(listener, "", "")
	} else {
		err = w.http.Serve(listener)
	}
	if err != nil && !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		w.front.plane.log().Error("serving a listener", slog.String("listener", w.front.key.listener), slog.Any("error", err))
	}
}

func (w *webServer) close(grace time.Duration) {
	patience, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if w.http.Shutdown(patience) != nil {
		_ = w.http.Close() // what it says was said by Shutdown
	}
	gone := w.requests.close()
	select {
	case <-gone: // upgraded connections, which Shutdown does not know, are over too
	case <-patience.Done():
	}
	w.end()
	<-gone
}

type clientKey struct{}

// withClient puts who opened the connection into its requests' context.
func withClient(ctx context.Context, c net.Conn) context.Context {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	if guarded, ok := c.(*conn); ok {
		ctx = context.WithValue(ctx, clientKey{}, guarded.client)
	}
	return ctx
}

// ServeHTTP answers one request.
func (w *webServer) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	if !w.requests.enter() {
		panic(http.ErrAbortHandler) // the listener is gone
	}
	defer w.requests.leave()
	who, _ := r.Context().Value(clientKey{}).(client)
	x := &exchange{
		plane: w.front.plane, site: w.front.site.Load(), client: who,
		began: time.Now(), request: r, trace: traceID(r),
	}
	body := &countingBody{ReadCloser: r.Body, x: x}
	r.Body = body
	answer := &countingWriter{ResponseWriter: out, x: x}
	defer x.finish()
	x.rule = x.site.match(r, who.address.Addr())
	x.actions = x.rule.action.Type
	switch x.rule.action.Type {
	case "redirect":
		x.redirect(answer)
	case "fixed-response":
		x.fixedResponse(answer)
	default:
		w.forward(r.Context(), answer, x)
	}
}
