package iam

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/refusals"
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
	return notAPolicy(arn, "Policy %s was not found.")
}

// notAPolicy tells of a policy that is not there, or of an ARN that is none's.
func notAPolicy(arn, format string) error {
	if !policyARN.MatchString(arn) {
		return wire.Errorf("InvalidInput", "ARN %s is not valid.", arn)
	}
	return wire.NotFoundf("NoSuchEntity", format, arn)
}

var policyARN = regexp.MustCompile(`^arn:[\w-]+:iam::(\d{12}|aws):policy/.`)

func profileNotFound(name string) error {
	return wire.NotFoundf("NoSuchEntity", "Instance Profile %s cannot be found.", name)
}

func malformed(format string, args ...any) error {
	return wire.Errorf("MalformedPolicyDocument", format, args...)
}

func invalid(member, value, rule string) error {
	return wire.Errorf("ValidationError", "The value %q at '%s' failed to satisfy the constraint: %s", value, member, rule)
}

// refusal tells of faults of the table, those of some members in words of their own.
func refusal(faults []refusals.Fault) error {
	if len(faults) == 1 {
		pattern, _ := strings.CutPrefix(faults[0].Demand, "satisfy regular expression pattern: ")
		if words := patternWords[pattern]; words != "" {
			return wire.Errorf("ValidationError", "The specified value for %s is invalid. It must %s", faults[0].Member, words)
		}
	}
	return wire.Errorf("ValidationError", "%s", refusals.Message(faults))
}

// patternWords are what IAM says of the patterns of names, paths, and documents.
var patternWords = map[string]string{
	`[\w+=,.@-]+`: "contain only alphanumeric characters and/or the following: +=,.@_-",
	`(\u002F)|(\u002F[\u0021-\u007E]+\u002F)`: "begin and end with / and contain only alphanumeric characters and/or / characters.",
	`((/[A-Za-z0-9\.,\+@=_-]+)*)/`:            "begin and end with / and contain only alphanumeric characters and/or / characters.",
	`[\u0009\u000A\u000D\u0020-\u00FF]+`:      "contain only printable ASCII characters.",
}
