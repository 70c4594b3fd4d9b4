package tempo

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

// Status codes of gRPC, https://grpc.io/docs/guides/status-codes/.
const (
	codeOK                = 0
	codeInvalidArgument   = 3
	codeResourceExhausted = 8
	codeUnimplemented     = 12
	codeInternal          = 13
)

// maxMessage is the longest message that is taken, in bytes: gRPC's default.
const maxMessage = 4 << 20

// method answers one unary call; an error that is no *status is INTERNAL.
type method func(request []byte) (response []byte, err error)

type status struct {
	code    int
	message string
}

func (s *status) Error() string { return s.message }

// grpcServer speaks gRPC over HTTP/2 with net/http: unary calls only, which is
// all that is needed here. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
type grpcServer struct {
	memory  *kernel.Memory
	methods map[string]method // by path, /package.Service/Method
}

func (s *grpcServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor != 2 || r.Method != http.MethodPost || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
		http.Error(w, "gRPC requires HTTP/2, POST and Content-Type application/grpc", http.StatusUnsupportedMediaType)
		return
	}
	w.Header().Set("Content-Type", "application/grpc")
	call, ok := s.methods[r.URL.Path]
	if !ok {
		finish(w.Header(), "", s.unknown(r.URL.Path))
		w.WriteHeader(http.StatusOK)
		return
	}
	response, err := s.answer(call, r)
	if err != nil {
		finish(w.Header(), "", err)
		w.WriteHeader(http.StatusOK)
		return
	}
	// Flushed, they have no Content-Length, as any gRPC server's: with one curl would
	// not wait for the trailers.
	w.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(w).Flush()
	frame := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(response))) //nolint:gosec // answers are short
	_, _ = w.Write(append(frame, response...))                               // the client may have gone
	finish(w.Header(), http.TrailerPrefix, nil)
}

// unknown says what a server says of a method that it does not have.
func (s *grpcServer) unknown(path string) error {
	service, name, ok := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if !ok {
		return &status{codeUnimplemented, fmt.Sprintf("malformed method name: %q", path)}
	}
	for known := range s.methods {
		if strings.HasPrefix(known, "/"+service+"/") {
			return &status{codeUnimplemented, fmt.Sprintf("unknown method %s for service %s", name, service)}
		}
	}
	return &status{codeUnimplemented, "unknown service " + service}
}

// finish sets the status, among the headers or with the prefix as trailers.
func finish(header http.Header, prefix string, err error) {
	code, message := codeOK, ""
	var failed *status
	switch {
	case errors.As(err, &failed):
		code, message = failed.code, failed.message
	case err != nil:
		code, message = codeInternal, err.Error()
	}
	header.Set(prefix+"Grpc-Status", strconv.Itoa(code))
	if message != "" {
		header.Set(prefix+"Grpc-Message", url.PathEscape(message))
	}
}

func (s *grpcServer) answer(call method, r *http.Request) ([]byte, error) {
	head := make([]byte, 5)
	if _, err := io.ReadFull(r.Body, head); err != nil {
		return nil, &status{codeInternal, "the request has no whole message: " + err.Error()}
	}
	size := binary.BigEndian.Uint32(head[1:])
	if size > maxMessage {
		return nil, &status{codeResourceExhausted, fmt.Sprintf("grpc: received message larger than max (%d vs. %d)", size, maxMessage)}
	}
	held := int(size)
	if head[0] != 0 {
		held = maxMessage // unpacked
	}
	if err := s.memory.Charge(held); err != nil {
		return nil, err
	}
	defer s.memory.Release(held)
	request, err := readMessage(r.Body, int(size), head[0] != 0, r.Header.Get("Grpc-Encoding"))
	if err != nil {
		return nil, err
	}
	return call(request)
}

// readMessage reads the one message of a unary call, behind its head.
func readMessage(r io.Reader, size int, packed bool, encoding string) ([]byte, error) {
	message := make([]byte, size)
	if _, err := io.ReadFull(r, message); err != nil {
		return nil, &status{codeInternal, "the request's message is cut off: " + err.Error()}
	}
	switch {
	case !packed:
		return message, nil
	case encoding != "gzip":
		return nil, &status{codeUnimplemented, fmt.Sprintf("grpc: Decompressor is not installed for grpc-encoding %q", encoding)}
	}
	z, err := gzip.NewReader(bytes.NewReader(message))
	if err != nil {
		return nil, &status{codeInternal, "grpc: failed to decompress the message: " + err.Error()}
	}
	message, err = io.ReadAll(io.LimitReader(z, maxMessage+1))
	if err != nil || len(message) > maxMessage {
		return nil, &status{codeResourceExhausted, "grpc: the message is malformed or too large when unpacked"}
	}
	return message, nil
}

// fields calls f with every field of a protobuf message; value is what a field
// of bytes holds. https://protobuf.dev/programming-guides/encoding/
func fields(message []byte, f func(number uint64, value []byte) error) error {
	malformed := &status{codeInternal, "grpc: error unmarshalling request: proto: cannot parse invalid wire-format data"}
	for len(message) > 0 {
		key, n := binary.Uvarint(message)
		if n <= 0 || key>>3 == 0 {
			return malformed
		}
		message = message[n:]
		var size int
		var value []byte
		switch key & 7 {
		case 0:
			_, size = binary.Uvarint(message)
			if size <= 0 {
				return malformed
			}
		case 1:
			size = 8
		case 5:
			size = 4
		case 2:
			length, n := binary.Uvarint(message)
			if n <= 0 || length > uint64(len(message)-n) {
				return malformed
			}
			size = n + int(length) //nolint:gosec // not more than the message
			value = message[n:size]
		default:
			return malformed
		}
		if size > len(message) {
			return malformed
		}
		if err := f(key>>3, value); err != nil {
			return err
		}
		message = message[size:]
	}
	return nil
}
