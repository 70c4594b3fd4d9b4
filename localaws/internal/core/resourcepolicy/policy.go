// Package resourcepolicy reads and evaluates the policies that are attached to
// resources, such as buckets and topics.
package resourcepolicy

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

// Policy is a policy document.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
type Policy struct {
	Version    string
	ID         string      `json:"Id"`
	Statements []Statement `json:"-"`
}

// Statement is one statement of it. A negated member is used when its plain
// one is empty.
type Statement struct {
	Sid          string
	Effect       string
	Principal    Principals
	NotPrincipal Principals
	Action       OneOrMore
	NotAction    OneOrMore
	Resource     OneOrMore
	NotResource  OneOrMore
	Condition    map[string]map[string]OneOrMore
}

// OneOrMore is a string, or a list of strings; numbers and booleans count as
// what they read like.
type OneOrMore []string

func (o *OneOrMore) UnmarshalJSON(raw []byte) error {
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

// Principals are by kind: AWS, Service, ...; "*" alone is AWS: "*".
type Principals map[string]OneOrMore

func (p *Principals) UnmarshalJSON(raw []byte) error {
	if string(raw) == `"*"` {
		*p = Principals{"AWS": {"*"}}
		return nil
	}
	var byKind map[string]OneOrMore
	if err := json.Unmarshal(raw, &byKind); err != nil {
		return errors.New("Invalid principal in policy") //nolint:staticcheck // AWS's own words
	}
	*p = byKind
	return nil
}

// Parse reads a document.
func Parse(body []byte) (*Policy, error) {
	var p struct {
		Policy
		Statement json.RawMessage
	}
	if err := json.Unmarshal(body, &p); err != nil {
		return nil, fmt.Errorf("Policies must be valid JSON and the first byte must be '{': %w", err) //nolint:staticcheck // AWS's own words
	}
	if len(p.Statement) == 0 {
		return nil, errors.New("Missing required field Statement") //nolint:staticcheck // AWS's own words
	}
	if err := json.Unmarshal(p.Statement, &p.Statements); err != nil {
		var one Statement
		if json.Unmarshal(p.Statement, &one) != nil {
			return nil, err
		}
		p.Statements = []Statement{one}
	}
	return &p.Policy, nil
}

// Check tells what AWS would refuse in a policy for a resource of a service:
// service is its prefix in actions, such as "s3", and covers tells whether a
// Resource means the resource that the policy is for.
func (p *Policy) Check(service string, covers func(resource string) bool) error {
	if len(p.Statements) == 0 {
		return errors.New("Could not parse the policy: Statement is empty!") //nolint:staticcheck // AWS's own words
	}
	for i := range p.Statements {
		if err := p.Statements[i].check(service, covers); err != nil {
			return err
		}
	}
	return nil
}

func (st *Statement) check(service string, covers func(resource string) bool) error {
	switch {
	case st.Effect != "Allow" && st.Effect != "Deny":
		return fmt.Errorf("Invalid effect: %s", st.Effect) //nolint:staticcheck // AWS's own words
	case len(st.Principal)+len(st.NotPrincipal) == 0:
		return errors.New("Missing required field Principal") //nolint:staticcheck // AWS's own words
	case len(st.Action)+len(st.NotAction) == 0:
		return errors.New("Missing required field Action") //nolint:staticcheck // AWS's own words
	case len(st.Resource)+len(st.NotResource) == 0:
		return errors.New("Missing required field Resource") //nolint:staticcheck // AWS's own words
	}
	for _, action := range append(slices.Clone(st.Action), st.NotAction...) {
		if action != "*" && !strings.HasPrefix(strings.ToLower(action), service+":") {
			return fmt.Errorf("Policy has invalid action: %s", action)
		}
	}
	for _, resource := range append(slices.Clone(st.Resource), st.NotResource...) {
		if !covers(resource) {
			return fmt.Errorf("Policy has invalid resource: %s", resource)
		}
	}
	return nil
}

// limitingKeys are the condition keys that keep a statement for everyone from
// being public.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
var limitingKeys = []string{
	"aws:sourceip", "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount",
	"aws:userid", "aws:principalorgid", "aws:principalorgpaths", "aws:principalarn", "aws:principalaccount",
	"s3:x-amz-server-side-encryption-aws-kms-key-id", "s3:dataaccesspointarn", "s3:dataaccesspointaccount",
}

// Public tells whether the policy lets everyone in.
func (p *Policy) Public() bool {
	return slices.ContainsFunc(p.Statements, func(st Statement) bool {
		return st.Effect == "Allow" && !st.limited() &&
			(len(st.NotPrincipal) > 0 || slices.Contains(st.Principal["AWS"], "*"))
	})
}

func (st *Statement) limited() bool {
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

// Request is what a policy is held against.
type Request struct {
	Principals []string // who asks, by any of its names: ARN, account number, service
	Action     string
	Resource   string
	Context    map[string]string // the condition keys' values, by lower-case key
}

// Allows tells whether the policy lets a request through: some statement allows
// it and none denies it.
func (p *Policy) Allows(r Request) bool {
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

func (st *Statement) matches(r Request) bool {
	if len(st.NotPrincipal) > 0 {
		if st.NotPrincipal.include(r.Principals) {
			return false
		}
	} else if !st.Principal.include(r.Principals) {
		return false
	}
	if !covers(st.Action, st.NotAction, r.Action, true) || !covers(st.Resource, st.NotResource, r.Resource, false) {
		return false
	}
	for operator, keys := range st.Condition {
		for key, wanted := range keys {
			if !condition(operator, r.Context[strings.ToLower(key)], wanted) {
				return false
			}
		}
	}
	return true
}

func covers(patterns, except OneOrMore, value string, ignoreCase bool) bool {
	if ignoreCase {
		value = strings.ToLower(value)
	}
	match := func(pattern string) bool {
		if ignoreCase {
			pattern = strings.ToLower(pattern)
		}
		return Like(pattern, value)
	}
	if len(except) > 0 {
		return !slices.ContainsFunc(except, match)
	}
	return slices.ContainsFunc(patterns, match)
}

func (p Principals) include(who []string) bool {
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
func condition(operator, value string, wanted OneOrMore) bool {
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
		return Like(want, value)
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

// Like matches a pattern with * and ?.
func Like(pattern, value string) bool {
	expression := regexp.QuoteMeta(pattern)
	expression = strings.ReplaceAll(strings.ReplaceAll(expression, `\*`, `.*`), `\?`, `.`)
	matched, err := regexp.MatchString(`(?s)^`+expression+`$`, value)
	return err == nil && matched
}
