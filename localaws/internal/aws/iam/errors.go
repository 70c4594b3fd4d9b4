package iam

import (
	"net/http"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

func conflict(code, format string, args ...any) error {
	refusal := wire.Errorf(code, format, args...)
	refusal.Status = http.StatusConflict
	return refusal
}

func exists(format string, args ...any) error {
	return conflict("EntityAlreadyExists", format, args...)
}

func inUse(format string, args ...any) error {
	return conflict("DeleteConflict", "Cannot delete entity, "+format, args...)
}

func limit(format string, args ...any) error {
	// LimitExceeded is final; only LimitExceededException would be retried.
	return conflict("LimitExceeded", format, args...)
}

func roleNotFound(name string) error {
	return wire.NotFoundf("NoSuchEntity", "The role with name %s cannot be found.", name)
}

func policyNotFound(arn string) error {
	return wire.NotFoundf("NoSuchEntity", "Policy %s was not found.", arn)
}

func profileNotFound(name string) error {
	return wire.NotFoundf("NoSuchEntity", "Instance Profile %s cannot be found.", name)
}

func malformed(format string, args ...any) error {
	return wire.Errorf("MalformedPolicyDocument", format, args...)
}

func invalid(member, value, rule string) error {
	return wire.Errorf("ValidationError", "The value %q at '%s' failed to satisfy the constraint: %s", value, member, rule)
}
