package wire_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

var noon = time.Date(2026, 1, 31, 12, 0, 0, 500e6, time.UTC)

// everything has a member of each kind, and comes back as it went in.
type everything struct {
	Name    string
	Count   int
	Ratio   *float64
	On      bool
	Maybe   *bool
	When    time.Time
	Raw     []byte
	Words   []string `in:"Word" out:"wordSet"`
	Parts   []part
	ByKey   map[string]string
	Nested  *part
	TheID   string `aws:"theId"`
	Hidden  string `aws:"-"`
	private string //nolint:unused // must be left alone
	shared
}

type part struct {
	Key   string
	Value *int64
}

// kept has a string that is always written.
type kept struct {
	Other string
	Value string `empty:"kept"`
}

// shared is embedded: its members are the outer struct's.
type shared struct {
	Token string
	Items []string `item:"thing"`
}

// service is one of every protocol, with the same operations.
func service(name string, protocol wire.Protocol) wire.Service {
	return wire.Service{
		Name: name, Protocol: protocol, TargetPrefix: "Test_1", Namespace: "http://test/", LowerCamel: protocol == wire.JSON10,
		Operations: []wire.Operation{
			wire.Op("Echo", func(_ context.Context, in *everything) (*everything, error) { return in, nil }),
			wire.Op("Nothing", func(context.Context, *wire.Empty) (*wire.Empty, error) { return nil, nil }),
			wire.Op("Refuse", func(context.Context, *wire.Empty) (*wire.Empty, error) {
				return nil, wire.NotFoundf("NoSuchThing", "The thing <a&b> does not exist")
			}),
			wire.Op("Fail", func(context.Context, *wire.Empty) (*wire.Empty, error) { return nil, errors.New("disk full") }),
			wire.Op("Panic", func(context.Context, *wire.Empty) (*wire.Empty, error) { panic("oh") }),
			wire.Op("Who", func(ctx context.Context, _ *wire.Empty) (*everything, error) {
				return &everything{Name: wire.Region(ctx), shared: shared{Token: wire.AccessKeyID(ctx)}}, nil
			}),
			wire.Op("Kept", func(context.Context, *wire.Empty) (*kept, error) { return nil, nil }),
			wire.ReadOp("DescribeQuietly", func(context.Context, *wire.Empty) (*wire.Empty, error) { return nil, nil }),
		},
	}
}

// server is a wire.Server with a service of every protocol.
type server struct {
	*wire.Server
	account *core.Account
}

func newServer(t *testing.T) *server {
	t.Helper()
	a := core.New("us-west-2", clock.NewFake(noon), slog.New(slog.DiscardHandler))
	s := &server{wire.NewServer(a, a.Region, a.Log), a}
	for name, protocol := range map[string]wire.Protocol{
		"json0": wire.JSON10, "json1": wire.JSON11, "query": wire.Query, "ec2": wire.EC2Query,
	} {
		s.Register(service(name, protocol))
	}
	withCBOR := service("cbor", wire.Query)
	withCBOR.RPCName = "Test20260101"
	withCBOR.Unsigned = []string{"DescribeQuietly"}
	s.Register(withCBOR)
	global := service("global", wire.Query)
	global.AnyRegion = true
	s.Register(global)
	return s
}

const signature = "AWS4-HMAC-SHA256 Credential=AKIATEST/20260131/us-west-2/%s/aws4_request, SignedHeaders=host, Signature=0"

func signed(service string) string { return strings.Replace(signature, "%s", service, 1) }

// send serves one request, and blanks the request's id.
func (s *server) send(t *testing.T, method, target, content string, header map[string]string) (answer, string) {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(content))
	for name, value := range header {
		request.Header.Set(name, value)
	}
	recorder := httptest.NewRecorder()
	s.ServeHTTP(recorder, request)
	response := recorder.Result()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return answer{response.StatusCode, response.Header}, strings.ReplaceAll(string(body), response.Header.Get("X-Amzn-Requestid"), "ID")
}

// answer is what a response says beside its body.
type answer struct {
	StatusCode int
	Header     http.Header
}

func (s *server) query(t *testing.T, service, form string) (answer, string) {
	t.Helper()
	return s.send(t, http.MethodPost, "/", form, map[string]string{"Authorization": signed(service)})
}

func (s *server) json(t *testing.T, service, operation, body string) (answer, string) {
	t.Helper()
	return s.send(t, http.MethodPost, "/", body, map[string]string{"Authorization": signed(service), "X-Amz-Target": "Test_1." + operation})
}

// form is everything as Query writes it.
const form = "Version=1&Name=a%26b&Count=-3&Ratio=1.5&On=true&When=2026-01-31T12:00:00.5Z&Raw=aGk%3D&theId=x&Token=t" +
	"&Parts.member.1.Key=k&Parts.member.1.Value=7&Nested.Key=n&ByKey.entry.1.key=b&ByKey.entry.1.value=2&ByKey.entry.2.key=a&ByKey.entry.2.value=1" +
	"&Word.member.2=second&Word.member.1=first&Items.member.1=i"

// TestBytesOnTheWire pins what goes over the wire, good and bad.
func TestBytesOnTheWire(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	const xmlHead = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
	const jsonBody = `{"name":"a&b","Count":-3,"ratio":1.5,"on":true,"when":1769860800.5,"raw":"aGk=","word":["first","second"],` +
		`"parts":[{"key":"k","value":7}],"byKey":{"a":"1"},"nested":{"key":"n"},"theId":"x","token":"t","items":["i"],"maybe":null}`
	const jsonAnswer = `{"Count":-3,"Name":"a\u0026b","Nested":{"Key":"n"},"On":true,"Parts":[{"Key":"k","Value":7}],"Ratio":1.5,"Raw":"aGk=",` +
		`"Token":"t","When":1769860800.500,"ByKey":{"a":"1"},"Items":["i"],"theId":"x","wordSet":["first","second"]}`
	for name, c := range map[string]struct {
		send        func() (answer, string)
		status      int
		contentType string
		body        string
	}{
		"query": {
			func() (answer, string) { return s.query(t, "query", "Action=Echo&"+form) },
			200, "text/xml", xmlHead + `<EchoResponse xmlns="http://test/"><EchoResult><Name>a&amp;b</Name><Count>-3</Count><Ratio>1.5</Ratio><On>true</On>` +
				`<When>2026-01-31T12:00:00.500Z</When><Raw>aGk=</Raw><wordSet><member>first</member><member>second</member></wordSet>` +
				`<Parts><member><Key>k</Key><Value>7</Value></member></Parts>` +
				`<ByKey><entry><key>a</key><value>1</value></entry><entry><key>b</key><value>2</value></entry></ByKey>` +
				`<Nested><Key>n</Key></Nested><theId>x</theId><Token>t</Token><Items><thing>i</thing></Items></EchoResult>` +
				`<ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata></EchoResponse>`,
		},
		"query, nothing": {
			func() (answer, string) { return s.query(t, "query", "Action=Nothing") },
			200, "text/xml", xmlHead + `<NothingResponse xmlns="http://test/"><NothingResult></NothingResult><ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata></NothingResponse>`,
		},
		"query, refused": {
			func() (answer, string) { return s.query(t, "query", "Action=Refuse") },
			404, "text/xml", xmlHead + `<ErrorResponse><Error><Type>Sender</Type><Code>NoSuchThing</Code><Message>The thing &lt;a&amp;b&gt; does not exist</Message></Error><RequestId>ID</RequestId></ErrorResponse>`,
		},
		"query by GET": {
			func() (answer, string) {
				return s.send(t, http.MethodGet, "/?Action=Refuse", "", map[string]string{"Authorization": signed("query")})
			},
			404, "text/xml", xmlHead + `<ErrorResponse><Error><Type>Sender</Type><Code>NoSuchThing</Code><Message>The thing &lt;a&amp;b&gt; does not exist</Message></Error><RequestId>ID</RequestId></ErrorResponse>`,
		},
		"ec2": {
			func() (answer, string) {
				return s.query(t, "ec2", "Action=Echo&Name=a&Count=1&Parts.1.Key=k&Word.1=first&Word.2=second&Items.1=i")
			},
			200, "text/xml", xmlHead + `<EchoResponse xmlns="http://test/"><requestId>ID</requestId><name>a</name><count>1</count><on>false</on>` +
				`<wordSet><item>first</item><item>second</item></wordSet><parts><item><key>k</key></item></parts><items><thing>i</thing></items></EchoResponse>`,
		},
		"ec2, refused": {
			func() (answer, string) { return s.query(t, "ec2", "Action=Refuse") },
			404, "text/xml", xmlHead + `<Response><Errors><Error><Code>NoSuchThing</Code><Message>The thing &lt;a&amp;b&gt; does not exist</Message></Error></Errors><RequestID>ID</RequestID></Response>`,
		},
		"json 1.1": {
			func() (answer, string) { return s.json(t, "json1", "Echo", jsonBody) },
			200, "application/x-amz-json-1.1", jsonAnswer,
		},
		"json 1.0, names in lower case": {
			func() (answer, string) {
				return s.json(t, "json0", "Echo", `{"name":"a","nested":{"key":"n"}}`)
			},
			200, "application/x-amz-json-1.0", `{"count":0,"name":"a","nested":{"key":"n"},"on":false}`,
		},
		"json, nothing": {
			func() (answer, string) { return s.json(t, "json1", "Nothing", "") },
			200, "application/x-amz-json-1.1", `{}`,
		},
		"json, refused": {
			func() (answer, string) { return s.json(t, "json0", "Refuse", `{}`) },
			404, "application/x-amz-json-1.0", `{"__type":"NoSuchThing","message":"The thing \u003ca\u0026b\u003e does not exist"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, body := c.send()
			assert.Equal(t, c.status, response.StatusCode)
			assert.Equal(t, c.contentType, response.Header.Get("Content-Type"))
			if strings.HasPrefix(c.body, "{") && c.status == http.StatusOK {
				assert.JSONEq(t, c.body, body)
			} else {
				assert.Equal(t, c.body, body)
			}
			assert.Regexp(t, regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`), response.Header.Get("X-Amzn-Requestid"))
		})
	}
}

// A tag may have no text, and has a value nevertheless.
func TestEmptyStringsThatAreKept(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	_, json := s.json(t, "json1", "Kept", "{}")
	assert.JSONEq(t, `{"Value":""}`, json)
	_, query := s.query(t, "query", "Action=Kept")
	assert.Contains(t, query, "<KeptResult><Value></Value></KeptResult>")
	_, ec2 := s.query(t, "ec2", "Action=Kept")
	assert.Contains(t, ec2, "<requestId>ID</requestId><value></value></KeptResponse>")
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	json := func(operation, body string) func() (answer, string) {
		return func() (answer, string) { return s.json(t, "json1", operation, body) }
	}
	query := func(form string) func() (answer, string) {
		return func() (answer, string) { return s.query(t, "query", form) }
	}
	for name, c := range map[string]struct {
		send       func() (answer, string)
		code, says string
	}{
		"an unknown operation of JSON":  {json("Brew", "{}"), "UnknownOperationException", "Brew of json1"},
		"an unknown operation of query": {query("Action=Brew"), "InvalidAction", "not valid for this web service"},
		"no operation":                  {query(""), "MissingAction", "names no Action"},
		"another target": {func() (answer, string) {
			return s.send(t, "POST", "/", "{}", map[string]string{"Authorization": signed("json1"), "X-Amz-Target": "Other.Echo"})
		}, "UnknownOperationException", "Test_1"},
		"an unknown service":              {func() (answer, string) { return s.query(t, "tea", "Action=Brew") }, "UnknownOperationException", "tea"},
		"an unknown service of JSON":      {func() (answer, string) { return s.json(t, "tea", "Brew", "{}") }, "UnknownOperationException", "tea"},
		"a member that does not exist":    {json("Echo", `{"Nested":{"Tea":1}}`), "UnsupportedParameter", "Nested.Tea"},
		"a member deep in a list":         {query("Action=Echo&Parts.member.1.Key=a&Parts.member.2.Tea=1"), "UnsupportedParameter", "Parts.2.Tea"},
		"a hidden member":                 {json("Echo", `{"Hidden":"x"}`), "UnsupportedParameter", "Hidden"},
		"an embedded struct's own name":   {json("Echo", `{"shared":{}}`), "UnsupportedParameter", "shared"},
		"JSON that is none":               {json("Echo", `{"Name":`), "SerializationException", "not a JSON object"},
		"a JSON list":                     {json("Echo", `[]`), "SerializationException", "not a JSON object"},
		"more behind the object":          {json("Echo", `{} {}`), "SerializationException", "goes on after"},
		"text for a number":               {json("Echo", `{"Count":"many"}`), "SerializationException", `Count should be a int, not "many"`},
		"a fraction for a whole number":   {json("Echo", `{"Count":1.5}`), "SerializationException", "Count"},
		"a number too large":              {json("Echo", `{"Count":1e300}`), "SerializationException", "Count"},
		"a number for text":               {json("Echo", `{"Name":1}`), "SerializationException", "Name"},
		"a list for text":                 {json("Echo", `{"Name":["a"]}`), "SerializationException", "Name"},
		"text for a list":                 {json("Echo", `{"Word":"a"}`), "SerializationException", "Word should be a list"},
		"text for a map":                  {json("Echo", `{"ByKey":"a"}`), "SerializationException", "ByKey should be a map"},
		"text for a structure":            {json("Echo", `{"Nested":"a"}`), "SerializationException", "Nested should be a structure"},
		"a time in words":                 {json("Echo", `{"When":"noon"}`), "SerializationException", "noon"},
		"bytes that are not base64":       {json("Echo", `{"Raw":"§"}`), "SerializationException", "Raw is not base64"},
		"a list with a hole for a number": {query("Action=Echo&Word.member.x=1"), "MalformedQueryString", `"x"`},
		"a list with place 01":            {query("Action=Echo&Word.member.01=1"), "MalformedQueryString", `"01"`},
		"a list with place -1":            {query("Action=Echo&Word.member.-1=1"), "MalformedQueryString", `"-1"`},
		"a value and a structure":         {query("Action=Echo&Nested=1&Nested.Key=2"), "MalformedQueryString", "Nested"},
		"a map's entry without a key":     {query("Action=Echo&ByKey.entry.1.value=1"), "MalformedQueryString", "without a key"},
		"parameters too deep":             {query("Action=Echo&" + strings.Repeat("a.", 40) + "b=1"), "MalformedQueryString", "deeper than 32"},
		"parameters of dots only":         {query("Action=Echo&" + strings.Repeat(".", 33) + "=1"), "MalformedQueryString", "deeper than 32"},
		"a form that is none":             {query("Action=Echo&%zz"), "MalformedQueryString", "not a form"},
		"something went wrong":            {query("Action=Fail"), "InternalFailure", "localaws: disk full"},
		"a panic":                         {query("Action=Panic"), "InternalFailure", "panic in query:Panic: oh"},
		"no signature":                    {func() (answer, string) { return s.send(t, "POST", "/", "Action=Echo", nil) }, "MissingAuthenticationToken", "AWS_ACCESS_KEY_ID"},
		"a signature of something else": {func() (answer, string) {
			return s.send(t, "POST", "/", "", map[string]string{"Authorization": "Bearer x"})
		}, "MissingAuthenticationToken", "not signed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, body := c.send()
			assert.GreaterOrEqual(t, response.StatusCode, 400)
			assert.Less(t, response.StatusCode, 500, "clients repeat a 5xx up to 25 times")
			assert.Contains(t, body, c.code)
			assert.Equal(t, c.code, response.Header.Get("X-Amzn-Errortype"))
			// JSON and XML write quotation marks in their own ways.
			plain := strings.NewReplacer(`\"`, `"`, "&#34;", `"`).Replace(body)
			assert.Contains(t, plain, c.says)
		})
	}
}

func TestUnknownOperationsAreCounted(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.query(t, "query", "Action=Brew")
	s.query(t, "query", "Action=Brew")
	s.json(t, "tea", "Pour", "{}")
	s.rpc(t, "Tea", "Stir", nil)
	assert.Equal(t, map[string]int{"query:Brew": 2, "tea:Pour": 1, "Tea:Stir": 1}, s.Unknown())
}

func TestWhoSigned(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	elsewhere := map[string]string{"Authorization": strings.Replace(signed("global"), "us-west-2", "eu-west-1", 1)}
	_, body := s.send(t, http.MethodPost, "/", "Action=Who", elsewhere)
	assert.Contains(t, body, "<Name>eu-west-1</Name>")
	assert.Contains(t, body, "<Token>AKIATEST</Token>")
	presigned := "/?Action=Who&X-Amz-Credential=" + url.QueryEscape("KEY2/20260131/us-west-2/query/aws4_request")
	response, _ := s.send(t, http.MethodGet, presigned, "", nil)
	assert.NotEqual(t, http.StatusForbidden, response.StatusCode, "a presigned URL is signed")

	response, _ = s.send(t, http.MethodPost, "/", "Action=DescribeQuietly", nil)
	assert.Equal(t, http.StatusOK, response.StatusCode, "one that needs no signature")
}

// A region that is not here has nothing of what is here: the client is told in
// its own protocol, and what to do.
func TestRequestsForAnotherRegion(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for name, send := range map[string]func(authorization string) (answer, string){
		"query": func(authorization string) (answer, string) {
			return s.send(t, http.MethodPost, "/", "Action=Nothing", map[string]string{"Authorization": authorization})
		},
		"json1": func(authorization string) (answer, string) {
			return s.send(t, http.MethodPost, "/", "{}", map[string]string{"Authorization": authorization, "X-Amz-Target": "Test_1.Nothing"})
		},
		"cbor": func(authorization string) (answer, string) {
			return s.send(t, http.MethodPost, "/service/Test20260101/operation/Nothing", "", map[string]string{
				"Authorization": authorization, "Smithy-Protocol": "rpc-v2-cbor"})
		},
	} {
		response, body := send(strings.Replace(signed(name), "us-west-2", "eu-west-1", 1))
		assert.Equal(t, http.StatusForbidden, response.StatusCode, name)
		assert.Equal(t, "RegionNotServed", response.Header.Get("X-Amzn-Errortype"), name)
		assert.Contains(t, body, "The request to "+name+" is signed for the region eu-west-1, but this localaws is the region us-west-2: "+
			"use that one, or start another localaws with -dir and -region eu-west-1", name)
		response, body = send(signed(name))
		assert.Equal(t, http.StatusOK, response.StatusCode, "%s: %s", name, body)
	}
}

// A service of several protocols answers in the one that the client chose, and
// refuses in it too, whatever was found out before.
func TestAQueryServiceThatSpeaksJSON(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for name, c := range map[string]struct {
		target, body, signature string
		status                  int
		answer                  string
	}{
		"an answer":              {"Test20260101.Echo", `{"Name":"a","When":1769860800.5}`, signed("cbor"), 200, `{"Count":0,"Name":"a","On":false,"When":1769860800.500}`},
		"nothing":                {"Test20260101.Nothing", `{}`, signed("cbor"), 200, `{}`},
		"a refusal":              {"Test20260101.Refuse", `{}`, signed("cbor"), 404, `{"__type":"NoSuchThing","message":"The thing <a&b> does not exist"}`},
		"an unknown operation":   {"Test20260101.Brew", `{}`, signed("cbor"), 400, `{"__type":"UnknownOperationException","message":"localaws does not know the operation Brew of cbor"}`},
		"an unknown parameter":   {"Test20260101.Echo", `{"Tea":1}`, signed("cbor"), 400, `{"__type":"UnsupportedParameter","message":"localaws does not know the parameter Tea"}`},
		"another target":         {"Test_1.Echo", `{}`, signed("cbor"), 400, `{"__type":"UnknownOperationException","message":"the header X-Amz-Target is \"Test_1.Echo\"; cbor expects Test20260101.<operation>"}`},
		"no signature":           {"Test20260101.Echo", `{}`, "", 403, `{"__type":"MissingAuthenticationToken","message":"The request is not signed: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to any value (localaws env prints them)"}`},
		"an unknown service":     {"Test20260101.Echo", `{}`, signed("tea"), 400, `{"__type":"UnknownOperationException","message":"localaws does not have the service tea"}`},
		"something that is none": {"Test20260101.Echo", `{`, signed("cbor"), 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, body := s.send(t, http.MethodPost, "/", c.body, map[string]string{
				"Authorization": c.signature, "X-Amz-Target": c.target, "Content-Type": "application/x-amz-json-1.0",
			})
			assert.Equal(t, c.status, response.StatusCode)
			assert.Equal(t, "application/x-amz-json-1.0", response.Header.Get("Content-Type"))
			if c.answer != "" {
				assert.JSONEq(t, c.answer, body)
			}
			if c.status >= 400 && c.signature == signed("cbor") {
				assert.Equal(t, response.Header.Get("X-Amzn-Errortype")+";Sender", response.Header.Get("X-Amzn-Query-Error"))
			}
		})
	}
	_, body := s.query(t, "cbor", "Action=Refuse")
	assert.Contains(t, body, "<ErrorResponse>", "clients of Query get XML as before")
}

// TestEverySideEffectIsAnnounced: whoever keeps or watches the state learns of
// every call that may have changed it, and of no other.
func TestEverySideEffectIsAnnounced(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	changes, stop := s.account.Watch()
	defer stop()
	for _, c := range []struct {
		operation string
		announced bool
	}{{"Nothing", true}, {"DescribeQuietly", false}, {"Refuse", false}, {"Panic", false}, {"Brew", false}} {
		s.query(t, "query", "Action="+c.operation)
		select {
		case <-changes:
			assert.True(t, c.announced, c.operation)
		default:
			assert.False(t, c.announced, c.operation)
		}
	}
}

func TestInjectedFault(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.InjectFault(func(service, operation string) *wire.Error {
		if operation == "Nothing" {
			return wire.Errorf("Throttling", "Rate exceeded for %s", service)
		}
		return nil
	})
	_, body := s.query(t, "query", "Action=Nothing")
	assert.Contains(t, body, "<Code>Throttling</Code><Message>Rate exceeded for query</Message>")
	_, body = s.query(t, "query", "Action=Refuse")
	assert.Contains(t, body, "NoSuchThing")
	s.InjectFault(nil)
	response, _ := s.query(t, "query", "Action=Nothing")
	assert.Equal(t, http.StatusOK, response.StatusCode)
}

// TestAFailedOperationLeavesNothingBehind: nor does one that says that it only
// reads.
func TestAFailedOperationLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	words := store.NewCollection[string](s.account.Records, "test", "words")
	put := func(err error) func(context.Context, *everything) (*wire.Empty, error) {
		return func(_ context.Context, in *everything) (*wire.Empty, error) {
			words.Put(in.Name, "1")
			return nil, err
		}
	}
	s.Register(wire.Service{Name: "words", Protocol: wire.Query, Operations: []wire.Operation{
		wire.Op("Put", put(nil)), wire.Op("Refuse", put(wire.Errorf("Refused", "no"))), wire.ReadOp("Read", put(nil)),
		wire.Op("Panic", func(ctx context.Context, in *everything) (*wire.Empty, error) {
			_, _ = put(nil)(ctx, in)
			panic("oh")
		}),
	}})
	for operation, status := range map[string]int{
		"Put": http.StatusOK, "Refuse": http.StatusBadRequest, "Read": http.StatusBadRequest, "Panic": http.StatusBadRequest,
	} {
		response, body := s.query(t, "words", "Action="+operation+"&Name="+operation)
		assert.Equal(t, status, response.StatusCode, body)
	}
	s.account.View(func() {
		assert.Equal(t, 1, words.Len())
		assert.True(t, words.Has("Put"))
	})
}

func TestRESTService(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.Register(wire.Service{Name: "rest", Protocol: wire.REST, REST: func(r *wire.Request) (*wire.RESTOperation, error) {
		call, known := map[string]func(context.Context) (*wire.Response, error){
			"/a%2Fb": func(context.Context) (*wire.Response, error) {
				return &wire.Response{Status: http.StatusCreated, Header: http.Header{"Etag": {"x"}}, Body: append([]byte("<got>"), r.Body...)}, nil
			},
			"/own": func(context.Context) (*wire.Response, error) {
				return nil, &wire.RESTError{Refusal: wire.NotFoundf("NoSuchKey", "gone"), Header: http.Header{"X-Own": {"1"}}, Body: []byte("<Error/>")}
			},
			"/plain": func(context.Context) (*wire.Response, error) { return nil, wire.Errorf("Invalid", "no") },
			"/panic": func(context.Context) (*wire.Response, error) { panic("oh") },
		}[r.Path]
		if !known {
			return nil, wire.UnknownREST(r)
		}
		return &wire.RESTOperation{Name: "Thing", Reads: r.Method != http.MethodPut, Call: call}, nil
	}})
	send := func(method, path, body string) (answer, string) {
		return s.send(t, method, path, body, map[string]string{"Authorization": signed("rest")})
	}
	response, body := send(http.MethodPut, "/a%2Fb", "1")
	assert.Equal(t, http.StatusCreated, response.StatusCode)
	assert.Equal(t, "<got>1", body)
	assert.Equal(t, "x", response.Header.Get("Etag"))
	assert.Equal(t, "application/xml", response.Header.Get("Content-Type"))

	response, body = send(http.MethodGet, "/own", "")
	assert.Equal(t, http.StatusNotFound, response.StatusCode)
	assert.Equal(t, "<Error/>", body)
	assert.Equal(t, "1", response.Header.Get("X-Own"))

	_, body = send(http.MethodGet, "/plain", "")
	assert.Contains(t, body, "<Code>Invalid</Code>")
	response, _ = send(http.MethodHead, "/plain", "")
	assert.Equal(t, http.StatusBadRequest, response.StatusCode)
	response, body = send(http.MethodGet, "/panic", "")
	assert.Equal(t, http.StatusBadRequest, response.StatusCode)
	assert.Contains(t, body, "panic")

	response, body = send(http.MethodGet, "/tea?pour", "")
	assert.Equal(t, http.StatusBadRequest, response.StatusCode, "which clients don't repeat")
	assert.Contains(t, body, "GET /tea?pour=")
	assert.Equal(t, map[string]int{"rest:GET /tea": 1}, s.Unknown())
}

func TestErrorsAreFoundByTheirCode(t *testing.T) {
	t.Parallel()
	err := error(wire.Errorf("Gone", "no %d", 1))
	assert.Equal(t, "Gone: no 1", err.Error())
	assert.True(t, wire.HasCode(errors.Join(io.EOF, err), "Gone"))
	assert.True(t, wire.HasCode(&wire.RESTError{Refusal: wire.Errorf("Gone", "")}, "Gone"))
	assert.False(t, wire.HasCode(err, "Other"))
	assert.False(t, wire.HasCode(nil, "Gone"))
}

// TestCompressedBody: SDKs compress long bodies, such as those of metrics.
func TestCompressedBody(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var compressed bytes.Buffer
	writer := gzip.NewWriter(&compressed)
	_, err := writer.Write([]byte("Action=Echo&Name=long"))
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	header := map[string]string{"Authorization": signed("query"), "Content-Encoding": "gzip"}
	_, body := s.send(t, http.MethodPost, "/", compressed.String(), header)
	assert.Contains(t, body, "<Name>long</Name>")
	_, body = s.send(t, http.MethodPost, "/", "Action=Echo", header)
	assert.Contains(t, body, "not gzip")
	_, body = s.send(t, http.MethodPost, "/", compressed.String()[:compressed.Len()-4], header)
	assert.Contains(t, body, "not gzip")
}

func TestBodyTooLarge(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", io.LimitReader(zeros{}, 65<<20))
	request.Header.Set("Authorization", signed("query"))
	recorder := httptest.NewRecorder()
	s.ServeHTTP(recorder, request)
	assert.Contains(t, recorder.Body.String(), "RequestEntityTooLarge")
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
