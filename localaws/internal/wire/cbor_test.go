package wire_test

import (
	"net/http"
	"testing"

	"github.com/aws/smithy-go/encoding/cbor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rpc sends an operation over Smithy RPC v2 CBOR, as the SDK does.
func (s *server) rpc(t *testing.T, service, operation string, body []byte) (answer, cbor.Map) {
	t.Helper()
	response, content := s.send(t, http.MethodPost, "/service/"+service+"/operation/"+operation, string(body), map[string]string{
		"Authorization": signed("cbor"), "Smithy-Protocol": "rpc-v2-cbor", "Content-Type": "application/cbor", "X-Amzn-Query-Mode": "true",
	})
	assert.Equal(t, "rpc-v2-cbor", response.Header.Get("Smithy-Protocol"), "the SDK reads no answer without it, refusals too")
	assert.Equal(t, "application/cbor", response.Header.Get("Content-Type"))
	value, err := cbor.Decode([]byte(content))
	require.NoError(t, err)
	m, ok := value.(cbor.Map)
	require.True(t, ok)
	return response, m
}

func TestCBORRoundTrip(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	response, answer := s.rpc(t, "Test20260101", "Echo", cbor.Encode(cbor.Map{
		"Name": cbor.String("ä"), "Count": cbor.NegInt(3), "Ratio": cbor.Float64(-0.25), "On": cbor.Bool(true), "Maybe": &cbor.Nil{},
		"When": &cbor.Tag{ID: 1, Value: cbor.Float64(1769860800.5)}, "Raw": cbor.Slice("hi"),
		"Word": cbor.List{cbor.String("first"), cbor.String("second")}, "ByKey": cbor.Map{"a": cbor.String("1")},
		"Parts":  cbor.List{cbor.Map{"Key": cbor.String("k"), "Value": cbor.NegInt(1 << 62)}, cbor.Map{"Value": cbor.Uint(1 << 62)}},
		"Nested": cbor.Map{"Value": cbor.Uint(0)},
	}))
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.Equal(t, cbor.Map{
		"Name": cbor.String("ä"), "Count": cbor.NegInt(3), "Ratio": cbor.Float64(-0.25), "On": cbor.Bool(true),
		"When": &cbor.Tag{ID: 1, Value: cbor.Float64(1769860800.5)}, "Raw": cbor.Slice("hi"),
		"wordSet": cbor.List{cbor.String("first"), cbor.String("second")}, "ByKey": cbor.Map{"a": cbor.String("1")},
		"Parts":  cbor.List{cbor.Map{"Key": cbor.String("k"), "Value": cbor.NegInt(1 << 62)}, cbor.Map{"Value": cbor.Uint(1 << 62)}},
		"Nested": cbor.Map{"Value": cbor.Uint(0)},
	}, answer)
}

func TestCBORRefusals(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for name, c := range map[string]struct {
		service, operation string
		body               []byte
		status             int
		code               string
	}{
		"a refusal":            {"Test20260101", "Refuse", nil, 404, "NoSuchThing"},
		"an unknown operation": {"Test20260101", "Brew", nil, 400, "UnknownOperationException"},
		"an unknown service":   {"Tea", "Brew", nil, 400, "UnknownOperationException"},
		"no CBOR":              {"Test20260101", "Echo", []byte{0xff}, 400, "SerializationException"},
		"no map":               {"Test20260101", "Echo", cbor.Encode(cbor.Uint(1)), 400, "SerializationException"},
		"an unknown parameter": {"Test20260101", "Echo", cbor.Encode(cbor.Map{"Tea": cbor.Uint(1)}), 400, "UnsupportedParameter"},
		"a number for a name":  {"Test20260101", "Echo", cbor.Encode(cbor.Map{"Name": cbor.Uint(1)}), 400, "SerializationException"},
		"a time that is none":  {"Test20260101", "Echo", cbor.Encode(cbor.Map{"When": cbor.Float64(1e300)}), 400, "SerializationException"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, answer := s.rpc(t, c.service, c.operation, c.body)
			assert.Equal(t, c.status, response.StatusCode)
			assert.Equal(t, cbor.String(c.code), answer["__type"])
			assert.Equal(t, c.code+";Sender", response.Header.Get("X-Amzn-Query-Error"))
		})
	}
}
