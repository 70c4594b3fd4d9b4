// Package awsapi calls AWS by plain signed requests. It is for the few calls of
// services whose SDK would take longer to compile than all else.
package awsapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Service is a service as it is called and signed for.
type Service struct {
	Name    string // of the endpoint and in signatures
	Version string // of the API (Query, EC2 Query)
	Global  bool   // it has one endpoint, signed for us-east-1
}

// The services that the suite and its tests call.
var (
	EC2         = Service{Name: "ec2", Version: "2016-11-15"}
	AutoScaling = Service{Name: "autoscaling", Version: "2011-01-01"}
	IAM         = Service{Name: "iam", Version: "2010-05-08", Global: true}
	Route53     = Service{Name: "route53", Global: true}
	CloudWatch  = Service{Name: "monitoring", Version: "2010-08-01"}
	SNS         = Service{Name: "sns", Version: "2010-03-31"}
	Logs        = Service{Name: "logs"}
	S3          = Service{Name: "s3"}
	Glue        = Service{Name: "glue"}
	Athena      = Service{Name: "athena"}
	EFS         = Service{Name: "elasticfilesystem"}
	Events      = Service{Name: "events"}
	Tagging     = Service{Name: "tagging"}
)

// GlobalRegion is the region that global services are signed for, and in which
// the Tagging API knows their resources.
const GlobalRegion = "us-east-1"

// Client calls AWS with a configuration's credentials, region and endpoint.
type Client struct {
	config aws.Config
	http   *http.Client
	signer *v4.Signer
	pause  time.Duration // before the first repetition
}

// New returns a client.
func New(config aws.Config) *Client {
	return &Client{config: config, http: &http.Client{Timeout: 30 * time.Second}, signer: v4.NewSigner(), pause: 300 * time.Millisecond}
}

// In returns the same client for another region.
func (c *Client) In(region string) *Client {
	other := *c
	other.config.Region = region
	return &other
}

// Region is the region that it calls.
func (c *Client) Region() string { return c.config.Region }

// Error is AWS's refusal of a call.
type Error struct {
	Call    string // service:operation
	Status  int
	Code    string
	Message string
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s: %s", e.Call, e.Code, e.Message) }

// Refused reports whether AWS refused a call with one of the codes.
func Refused(err error, codes ...string) bool {
	var refusal *Error
	return errors.As(err, &refusal) && slices.Contains(codes, refusal.Code)
}

// Query calls an operation of a service that speaks AWS Query or EC2 Query, and
// reads the answer into a struct with xml tags, unless that is nil.
func (c *Client) Query(ctx context.Context, service Service, action string, parameters map[string]string, into any) error {
	form := url.Values{"Action": {action}, "Version": {service.Version}}
	for name, value := range parameters {
		form.Set(name, value)
	}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}
	body, err := c.call(ctx, service, action, http.MethodPost, "/", header, []byte(form.Encode()))
	return read(service, action, body, into, xml.Unmarshal, err)
}

// JSON calls an operation of a service that speaks JSON 1.1; target is the
// header X-Amz-Target.
func (c *Client) JSON(ctx context.Context, service Service, target string, in, into any) error {
	request, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("%s: %w", target, err)
	}
	header := http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {target}}
	operation := target[strings.LastIndex(target, ".")+1:]
	body, err := c.call(ctx, service, operation, http.MethodPost, "/", header, request)
	return read(service, operation, body, into, json.Unmarshal, err)
}

// Get reads a resource of a REST service that answers in XML.
func (c *Client) Get(ctx context.Context, service Service, path string, into any) error {
	body, err := c.GetRaw(ctx, service, path)
	return read(service, "GET "+path, body, into, xml.Unmarshal, err)
}

// GetJSON reads a resource of a REST service that answers in JSON.
func (c *Client) GetJSON(ctx context.Context, service Service, path string, into any) error {
	body, err := c.GetRaw(ctx, service, path)
	return read(service, "GET "+path, body, into, json.Unmarshal, err)
}

// GetRaw reads a resource of a REST service as it is, such as an object of S3.
func (c *Client) GetRaw(ctx context.Context, service Service, path string) ([]byte, error) {
	return c.call(ctx, service, "GET "+path, http.MethodGet, path, http.Header{}, nil)
}

func read(service Service, operation string, body []byte, into any, unmarshal func([]byte, any) error, err error) error {
	if err != nil || into == nil {
		return err
	}
	if err := unmarshal(body, into); err != nil {
		return fmt.Errorf("%s:%s: reading the answer: %w", service.Name, operation, err)
	}
	return nil
}

// attempts is how often a call is made that is throttled, or fails on AWS's
// side. The pause between two doubles each time.
const attempts = 9

// call makes a call, again where that helps.
func (c *Client) call(ctx context.Context, service Service, operation, method, path string, header http.Header, body []byte) ([]byte, error) {
	pause := c.pause
	for attempt := 1; ; attempt++ {
		answer, err := c.once(ctx, service, operation, method, path, header, body)
		if err == nil || attempt == attempts || ctx.Err() != nil || !passing(err) {
			return answer, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(pause):
		}
		pause *= 2
	}
}

// passing reports whether an error passes by itself: of the connection, of AWS's
// own side, and throttling.
func passing(err error) bool {
	var refusal *Error
	if !errors.As(err, &refusal) {
		return true
	}
	return refusal.Status >= 500 || refusal.Status == http.StatusTooManyRequests ||
		strings.Contains(refusal.Code, "Throttl") || refusal.Code == "RequestLimitExceeded" || refusal.Code == "TooManyRequestsException"
}

func (c *Client) once(ctx context.Context, service Service, operation, method, path string, header http.Header, body []byte) ([]byte, error) {
	name := service.Name + ":" + operation
	request, err := http.NewRequestWithContext(ctx, method, c.endpoint(service)+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	request.Header = header.Clone()
	if err := c.sign(ctx, request, service, body); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("%s: reading the answer: %w", name, err)
	}
	if response.StatusCode >= 300 {
		refusal := refusalOf(answer)
		if code := response.Header.Get("X-Amzn-Errortype"); code != "" && refusal.Code == "" {
			refusal.Code, _, _ = strings.Cut(code, ":")
		}
		refusal.Call, refusal.Status = name, response.StatusCode
		return nil, refusal
	}
	return answer, nil
}

func (c *Client) sign(ctx context.Context, request *http.Request, service Service, body []byte) error {
	credentials, err := c.config.Credentials.Retrieve(ctx)
	if err != nil {
		return fmt.Errorf("finding credentials: %w", err)
	}
	region := c.config.Region
	if service.Global {
		region = GlobalRegion
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	request.Header.Set("X-Amz-Content-Sha256", hash) // S3 wants it
	if err := c.signer.SignHTTP(ctx, credentials, request, hash, service.Name, region, time.Now()); err != nil {
		return fmt.Errorf("signing: %w", err)
	}
	return nil
}

// endpoint is the configuration's, or AWS's own in its standard partition.
func (c *Client) endpoint(service Service) string {
	if base := aws.ToString(c.config.BaseEndpoint); base != "" {
		return strings.TrimSuffix(base, "/")
	}
	if service.Global {
		return "https://" + service.Name + ".amazonaws.com"
	}
	return "https://" + service.Name + "." + c.config.Region + ".amazonaws.com"
}

// refusalOf reads a refusal in any of the protocols' envelopes.
func refusalOf(body []byte) *Error {
	var asJSON struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &asJSON) == nil {
		return &Error{Code: asJSON.Type[strings.LastIndex(asJSON.Type, "#")+1:], Message: asJSON.Message}
	}
	type refusal struct{ Code, Message string }
	var asXML struct {
		Error  refusal   // Query, REST
		Errors []refusal `xml:"Errors>Error"` // EC2 Query
	}
	if xml.Unmarshal(body, &asXML) == nil {
		if len(asXML.Errors) > 0 {
			asXML.Error = asXML.Errors[0]
		}
		return &Error{Code: asXML.Error.Code, Message: asXML.Error.Message}
	}
	return &Error{Code: "UnknownError", Message: string(body)}
}
