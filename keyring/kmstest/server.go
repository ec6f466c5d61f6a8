package kmstest

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
)

// Fault is what a server does instead of answering well. The first group the provider's own server has to know: it
// answers them with its error codes.
type Fault int

// The faults.
const (
	None Fault = iota
	Throttle
	Internal        // its own fault, 500
	Busy            // 503
	Denied          // a policy forbids the call
	Unauthenticated // the credentials are unknown
	Disabled        // the key is
	PendingDeletion // the key is
	NotFound        // there is no such key, or no more
	WrongUsage      // the key is of a kind that cannot wrap
	ShortKey        // well-formed, but 15 bytes of plaintext, or a ciphertext of none
	// Faults below the provider's protocol.
	HTML      // a page of a proxy or of a captive network, with status 200
	WrongJSON // JSON of another service
	Redirect  // to another host
	Endless   // an answer that is too long
	Cut       // an answer that stops in its middle
	Reset     // the connection is reset
	Hang      // no answer
	BadGateway
)

// Server is an HTTP server with faults. Faults that this package does not know are left to Handler.
type Server struct {
	*httptest.Server
	handler  http.Handler
	fault    atomic.Int64
	requests atomic.Int64
	done     chan struct{}
}

// NewServer starts a server, until the test ends. handler answers, and looks at Fault.
func NewServer(t testing.TB, handler http.Handler) *Server {
	return start(t, handler, httptest.NewServer)
}

// NewTLSServer is NewServer with TLS.
func NewTLSServer(t testing.TB, handler http.Handler) *Server {
	return start(t, handler, httptest.NewTLSServer)
}

func start(t testing.TB, handler http.Handler, listen func(http.Handler) *httptest.Server) *Server {
	t.Helper()
	s := &Server{handler: handler, done: make(chan struct{})}
	s.Server = listen(http.HandlerFunc(s.serve))
	t.Cleanup(func() {
		close(s.done)
		s.Server.CloseClientConnections()
		s.Server.Close()
	})
	return s
}

// Set tells the server what to do from now on.
func (s *Server) Set(f Fault) { s.fault.Store(int64(f)) }

// Fault is what the server was told.
func (s *Server) Fault() Fault { return Fault(s.fault.Load()) }

// Requests counts the requests that the server has had.
func (s *Server) Requests() int { return int(s.requests.Load()) }

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.requests.Add(1)
	switch s.Fault() {
	case HTML:
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!DOCTYPE html>\n<html><body>Please log in</body></html>\n"))
	case WrongJSON:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"status":"ok","items":[1,2,3]}`))
	case Redirect:
		http.Redirect(w, r, "http://127.0.0.1:1/elsewhere", http.StatusTemporaryRedirect)
	case Endless:
		s.endless(w)
	case Cut:
		s.cut(w, r)
	case Reset:
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			if c, ok := conn.(*tls.Conn); ok {
				conn = c.NetConn()
			}
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0) // a reset, and no orderly end
			}
			_ = conn.Close()
		}
	case Hang:
		select {
		case <-r.Context().Done():
		case <-s.done:
		case <-time.After(time.Minute):
		}
	case BadGateway:
		w.WriteHeader(http.StatusBadGateway)
		_, _ = w.Write([]byte("<html>502 Bad Gateway</html>"))
	default:
		s.handler.ServeHTTP(w, r)
	}
}

func (s *Server) endless(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	block := make([]byte, 64<<10)
	for i := range block {
		block[i] = ' '
	}
	for range 64 {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// cut sends the first half of the right answer under the length of the whole.
func (s *Server) cut(w http.ResponseWriter, r *http.Request) {
	whole := httptest.NewRecorder()
	s.handler.ServeHTTP(whole, r)
	for name, values := range whole.Header() {
		w.Header()[name] = values
	}
	body := whole.Body.Bytes()
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(whole.Code)
	_, _ = w.Write(body[:len(body)/2])
}
