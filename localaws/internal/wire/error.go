package wire

import (
	"errors"
	"fmt"
	"net/http"
)

// Error is an answer that refuses, as AWS gives it: a code that clients switch
// on, a message for people, and an HTTP status.
type Error struct {
	Code    string
	Message string
	// Status is the HTTP status; 0 means 400.
	Status int
	// Shape is the error's name in the API's model, where that is not the
	// code: Smithy RPC v2 CBOR sends both.
	Shape string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

func (e *Error) status() int {
	if e.Status == 0 {
		return http.StatusBadRequest
	}
	return e.Status
}

// Errorf returns an Error with status 400.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// NotFoundf returns an Error with status 404, which IAM, Route 53 and S3 use.
func NotFoundf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Status: http.StatusNotFound}
}

// HasCode reports whether err is, or wraps, an Error with that code.
func HasCode(err error, code string) bool {
	var refusal *Error
	return errors.As(err, &refusal) && refusal.Code == code
}

// asError makes an Error of any error. What a service did not mean to say is
// still no 5xx: the AWS provider retries those up to 25 times, so that a bug
// would look like a hang.
func asError(err error) *Error {
	var refusal *Error
	if errors.As(err, &refusal) {
		return refusal
	}
	return &Error{Code: "InternalFailure", Message: "localaws: " + err.Error()}
}
