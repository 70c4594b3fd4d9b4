package s3

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// policy is a bucket policy.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
type policy struct {
	Version    string
	ID         string `json:"Id"`
	Statements []statement
}

type statement struct {
	Sid          string
	Effect       string
	Principal    principals
	NotPrincipal principals
	Action       oneOrMore
	NotAction    oneOrMore
	Resource     oneOrMore
	NotResource  oneOrMore
	Condition    map[string]map[string]oneOrMore
}

// oneOrMore is a string, or a list of strings; numbers and booleans count as
// what they read like.
type oneOrMore []string

func (o *oneOrMore) UnmarshalJSON(raw []byte) error {
	var list []any
	if err := json.Unmarshal(raw, &list); err != nil {
		var one any
		if err := json.Unmarshal(raw, &one); err != nil {
			return err
		}
		list = []any{one}
	}
	for _, item := range list {
		switch item.(type) {
		case string, bool, float64:
			*o = append(*o, fmt.Sprint(item))
		default:
			return fmt.Errorf("%s is neither a string nor a list of strings", raw)
		}
	}
	return nil
}

// principals are by kind: AWS, Service, ...; "*" alone is AWS: "*".
type principals map[string]oneOrMore

func (p *principals) UnmarshalJSON(raw []byte) error {
	if string(raw) == `"*"` {
		*p = principals{"AWS": {"*"}}
		return nil
	}
	var byKind map[string]oneOrMore
	if err := json.Unmarshal(raw, &byKind); err != nil {
		return errors.New("Invalid principal in policy") //nolint:staticcheck // S3's own words
	}
	*p = byKind
	return nil
}

func parsePolicy(body []byte) (*policy, error) {
	var p struct {
		policy
		Statement json.RawMessage
	}
	if err := json.Unmarshal(body, &p); err != nil {
		return nil, fmt.Errorf("Policies must be valid JSON and the first byte must be '{': %w", err) //nolint:staticcheck // S3's own words
	}
	if len(p.Statement) == 0 {
		return nil, errors.New("Missing required field Statement") //nolint:staticcheck // S3's own words
	}
	if err := json.Unmarshal(p.Statement, &p.Statements); err != nil {
		var one statement
		if json.Unmarshal(p.Statement, &one) != nil {
			return nil, err
		}
		p.Statements = []statement{one}
	}
	return &p.policy, nil
}

var actionName = regexp.MustCompile(`^(\*|s3:[A-Za-z*?]+|s3-object-lambda:[A-Za-z*?]+)$`)

// checkFor tells what S3 would refuse in a policy for a bucket.
func (p *policy) checkFor(bucketName string) error {
	if len(p.Statements) == 0 {
		return errors.New("Could not parse the policy: Statement is empty!") //nolint:staticcheck // S3's own words
	}
	for i := range p.Statements {
		st := &p.Statements[i]
		switch {
		case st.Effect != "Allow" && st.Effect != "Deny":
			return fmt.Errorf("Invalid effect: %s", st.Effect) //nolint:staticcheck // S3's own words
		case len(st.Principal)+len(st.NotPrincipal) == 0:
			return errors.New("Missing required field Principal") //nolint:staticcheck // S3's own words
		case len(st.Action)+len(st.NotAction) == 0:
			return errors.New("Missing required field Action") //nolint:staticcheck // S3's own words
		case len(st.Resource)+len(st.NotResource) == 0:
			return errors.New("Missing required field Resource") //nolint:staticcheck // S3's own words
		}
		for _, action := range append(slices.Clone(st.Action), st.NotAction...) {
			if !actionName.MatchString(action) {
				return fmt.Errorf("Policy has invalid action: %s", action) //nolint:staticcheck // S3's own words
			}
		}
		for _, resource := range append(slices.Clone(st.Resource), st.NotResource...) {
			if !coversBucket(resource, bucketName) {
				return fmt.Errorf("Policy has invalid resource: %s", resource) //nolint:staticcheck // S3's own words
			}
		}
	}
	return nil
}

// coversBucket tells whether a resource names the bucket, or things in it.
func coversBucket(resource, bucketName string) bool {
	_, path, found := strings.Cut(resource, ":s3:::")
	if !found || !strings.HasPrefix(resource, "arn:aws") {
		return false
	}
	name, _, _ := strings.Cut(path, "/")
	return like(name, bucketName)
}

// limitingKeys are the condition keys that keep a statement for everyone from
// being public.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
var limitingKeys = []string{
	"aws:sourceip", "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount",
	"aws:userid", "aws:principalorgid", "aws:principalorgpaths", "aws:principalarn", "aws:principalaccount",
	"s3:x-amz-server-side-encryption-aws-kms-key-id", "s3:dataaccesspointarn", "s3:dataaccesspointaccount",
}

// public tells whether the policy lets everyone in.
func (p *policy) public() bool {
	return slices.ContainsFunc(p.Statements, func(st statement) bool {
		return st.Effect == "Allow" && !st.limited() &&
			(len(st.NotPrincipal) > 0 || slices.Contains(st.Principal["AWS"], "*"))
	})
}

func (st *statement) limited() bool {
	for operator, keys := range st.Condition {
		if strings.Contains(operator, "Not") {
			continue
		}
		for key, values := range keys {
			if slices.Contains(limitingKeys, strings.ToLower(key)) && !slices.ContainsFunc(values, tooWide) {
				return true
			}
		}
	}
	return false
}

func tooWide(value string) bool {
	if _, network, err := net.ParseCIDR(value); err == nil {
		ones, _ := network.Mask.Size()
		return ones == 0
	}
	return value == "*"
}

// request is what a policy is held against.
type request struct {
	principals []string // any of them: ARNs, account numbers, services
	action     string
	resource   string
	context    map[string]string // by lower-case key
}

// allows tells whether the policy lets a request through: some statement allows
// it and none denies it.
func (p *policy) allows(r request) bool {
	allowed := false
	for i := range p.Statements {
		st := &p.Statements[i]
		if !st.matches(r) {
			continue
		}
		if st.Effect == "Deny" {
			return false
		}
		allowed = true
	}
	return allowed
}

func (st *statement) matches(r request) bool {
	if len(st.NotPrincipal) > 0 {
		if st.NotPrincipal.include(r.principals) {
			return false
		}
	} else if !st.Principal.include(r.principals) {
		return false
	}
	if !covers(st.Action, st.NotAction, r.action, true) || !covers(st.Resource, st.NotResource, r.resource, false) {
		return false
	}
	for operator, keys := range st.Condition {
		for key, wanted := range keys {
			if !condition(operator, r.context[strings.ToLower(key)], wanted) {
				return false
			}
		}
	}
	return true
}

func covers(patterns, except oneOrMore, value string, ignoreCase bool) bool {
	if ignoreCase {
		value = strings.ToLower(value)
	}
	match := func(pattern string) bool {
		if ignoreCase {
			pattern = strings.ToLower(pattern)
		}
		return like(pattern, value)
	}
	if len(except) > 0 {
		return !slices.ContainsFunc(except, match)
	}
	return slices.ContainsFunc(patterns, match)
}

func (p principals) include(who []string) bool {
	for _, list := range p {
		for _, named := range list {
			if named == "*" || slices.Contains(who, named) {
				return true
			}
		}
	}
	return false
}

// condition evaluates one operator for one key. A key that the request lacks
// fits only the negated operators, and those with IfExists behind them.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
func condition(operator, value string, wanted oneOrMore) bool {
	operator, ifExists := strings.CutSuffix(operator, "IfExists")
	if operator == "Null" {
		return slices.Contains(wanted, strconv.FormatBool(value == ""))
	}
	negated := strings.Contains(operator, "Not")
	if value == "" {
		return ifExists || negated
	}
	return slices.ContainsFunc(wanted, func(want string) bool { return compare(operator, value, want) }) != negated
}

func compare(operator, value, want string) bool {
	switch strings.Replace(operator, "Not", "", 1) {
	case "StringEquals":
		return value == want
	case "StringEqualsIgnoreCase", "Bool":
		return strings.EqualFold(value, want)
	case "StringLike", "ArnLike", "ArnEquals":
		return like(want, value)
	case "NumericLessThan", "NumericGreaterThan", "NumericEquals", "NumericLessThanEquals", "NumericGreaterThanEquals":
		return compareNumbers(operator, value, want)
	}
	return false
}

func compareNumbers(operator, value, want string) bool {
	a, err := strconv.ParseFloat(value, 64)
	b, err2 := strconv.ParseFloat(want, 64)
	if err != nil || err2 != nil {
		return false
	}
	return strings.HasPrefix(operator, "NumericLessThan") && a < b ||
		strings.HasPrefix(operator, "NumericGreaterThan") && a > b ||
		strings.HasSuffix(operator, "Equals") && a == b
}

// like matches a pattern with * and ?.
func like(pattern, value string) bool {
	expression := regexp.QuoteMeta(pattern)
	expression = strings.ReplaceAll(strings.ReplaceAll(expression, `\*`, `.*`), `\?`, `.`)
	matched, err := regexp.MatchString(`(?s)^`+expression+`$`, value)
	return err == nil && matched
}
