package s3

import (
	"bytes"
	"encoding/xml"
	"errors"
	"net/http"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html

func refuse(status int, code, format string, args ...any) *wire.Error {
	refusal := wire.Errorf(code, format, args...)
	refusal.Status = status
	return refusal
}

func noSuchBucket(name string) *wire.Error {
	return refuse(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist: %s", name)
}

func noSuchKey(key string) *wire.Error {
	return refuse(http.StatusNotFound, "NoSuchKey", "The specified key does not exist: %s", key)
}

func noSuchVersion(id string) *wire.Error {
	return refuse(http.StatusNotFound, "NoSuchVersion", "The specified version does not exist: %s", id)
}

func malformedXML(err error) *wire.Error {
	return refuse(http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema: %v", err)
}

func invalidArgument(format string, args ...any) *wire.Error {
	return refuse(http.StatusBadRequest, "InvalidArgument", format, args...)
}

func invalidRequest(format string, args ...any) *wire.Error {
	return refuse(http.StatusBadRequest, "InvalidRequest", format, args...)
}

// withHeader adds headers to a refusal's answer.
type withHeader struct {
	error
	header http.Header
}

func (e *withHeader) Unwrap() error { return e.error }

// errorXML is S3's envelope, which has no namespace.
type errorXML struct {
	XMLName   xml.Name `xml:"Error"`
	Code      string
	Message   string
	Resource  string
	RequestID string `xml:"RequestId"`
}

// render puts a refusal into S3's envelope.
func render(err error, resource string) error {
	refusal := new(wire.Error)
	if !errors.As(err, &refusal) {
		return err
	}
	rendered := &wire.RESTError{Refusal: refusal, Header: http.Header{}}
	var extra *withHeader
	if errors.As(err, &extra) {
		rendered.Header = extra.header
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	body := errorXML{Code: refusal.Code, Message: refusal.Message, Resource: resource, RequestID: "localaws"}
	if err := xml.NewEncoder(&b).Encode(body); err != nil {
		return err
	}
	rendered.Body = b.Bytes()
	return rendered
}
