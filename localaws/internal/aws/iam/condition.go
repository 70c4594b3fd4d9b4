package iam

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Conditions, as
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
// describes them.

// Context are the condition keys of a request and their values; keys are
// compared without case.
type Context map[string]string

func (c Context) get(key string) (string, bool) {
	for name, value := range c {
		if strings.EqualFold(name, key) {
			return value, true
		}
	}
	return "", false
}

// operator compares a value of the request with one of the policy. A negative
// one wants that no value of the policy fits.
type operator struct {
	fits     func(policy, request string) bool
	negative bool
}

var operators = map[string]operator{
	"StringEquals":              {fits: func(p, r string) bool { return p == r }},
	"StringNotEquals":           {fits: func(p, r string) bool { return p == r }, negative: true},
	"StringEqualsIgnoreCase":    {fits: strings.EqualFold},
	"StringNotEqualsIgnoreCase": {fits: strings.EqualFold, negative: true},
	"StringLike":                {fits: like},
	"StringNotLike":             {fits: like, negative: true},
	"ArnEquals":                 {fits: arnLike},
	"ArnLike":                   {fits: arnLike},
	"ArnNotEquals":              {fits: arnLike, negative: true},
	"ArnNotLike":                {fits: arnLike, negative: true},
	"Bool":                      {fits: strings.EqualFold},
	"BinaryEquals":              {fits: func(p, r string) bool { return p == r }},
	"IpAddress":                 {fits: inNetwork},
	"NotIpAddress":              {fits: inNetwork, negative: true},
	"NumericEquals":             {fits: numeric(func(c int) bool { return c == 0 })},
	"NumericNotEquals":          {fits: numeric(func(c int) bool { return c == 0 }), negative: true},
	"NumericLessThan":           {fits: numeric(func(c int) bool { return c < 0 })},
	"NumericLessThanEquals":     {fits: numeric(func(c int) bool { return c <= 0 })},
	"NumericGreaterThan":        {fits: numeric(func(c int) bool { return c > 0 })},
	"NumericGreaterThanEquals":  {fits: numeric(func(c int) bool { return c >= 0 })},
	"DateEquals":                {fits: dated(func(c int) bool { return c == 0 })},
	"DateNotEquals":             {fits: dated(func(c int) bool { return c == 0 }), negative: true},
	"DateLessThan":              {fits: dated(func(c int) bool { return c < 0 })},
	"DateLessThanEquals":        {fits: dated(func(c int) bool { return c <= 0 })},
	"DateGreaterThan":           {fits: dated(func(c int) bool { return c > 0 })},
	"DateGreaterThanEquals":     {fits: dated(func(c int) bool { return c >= 0 })},
}

const nullOperator = "Null"

// findOperator reads an operator's name with what may stand around it.
func findOperator(name string) (op operator, ok bool) {
	name = bareOperator(name)
	if name == nullOperator {
		return operator{}, true
	}
	op, ok = operators[name]
	return op, ok
}

func bareOperator(name string) string {
	name = strings.TrimPrefix(strings.TrimPrefix(name, "ForAllValues:"), "ForAnyValue:")
	return strings.TrimSuffix(name, "IfExists")
}

// holds tells whether all conditions of a statement hold.
func (st statement) holds(c Context) bool {
	for name, keys := range st.Condition {
		for key, values := range keys {
			if !conditionHolds(name, key, values, c) {
				return false
			}
		}
	}
	return true
}

// conditionHolds evaluates one condition. A key that the request does not have
// fails it, unless the operator is negative, ends in IfExists, or begins with
// ForAllValues.
func conditionHolds(name, key string, values []string, c Context) bool {
	have, has := c.get(key)
	if bareOperator(name) == nullOperator {
		return len(values) > 0 && (values[0] == "true") == !has
	}
	op, ok := findOperator(name)
	if !ok {
		return false // refused when the policy was made
	}
	if !has {
		return op.negative || strings.HasSuffix(name, "IfExists") || strings.HasPrefix(name, "ForAllValues:")
	}
	for _, value := range values {
		if op.fits(expand(value, c), have) {
			return !op.negative
		}
	}
	return op.negative
}

// expand replaces policy variables such as ${aws:PrincipalAccount}.
func expand(value string, c Context) string {
	for {
		before, rest, found := strings.Cut(value, "${")
		if !found {
			return value
		}
		key, after, closed := strings.Cut(rest, "}")
		if !closed {
			return value
		}
		text, _ := c.get(key)
		value = before + text + after
	}
}

// like compares with the wildcards * (any text) and ? (one character). On a
// mismatch the last * takes one character more, so that the time grows with the
// product of the lengths at most.
func like(pattern, text string) bool {
	p, t := 0, 0
	star, taken := -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, taken = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			taken++
			p, t = star+1, taken
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// arnLike compares ARNs part by part: a wildcard does not reach over a colon,
// but in the last part, and what has fewer than six parts is no ARN.
func arnLike(pattern, arn string) bool {
	patterns, parts := strings.SplitN(pattern, ":", 6), strings.SplitN(arn, ":", 6)
	if len(patterns) != 6 || len(parts) != 6 {
		return pattern == "*"
	}
	for i := range patterns {
		if !like(patterns[i], parts[i]) {
			return false
		}
	}
	return true
}

func inNetwork(network, address string) bool {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	if prefix, err := netip.ParsePrefix(network); err == nil {
		return prefix.Contains(ip)
	}
	return network == address
}

// numeric compares numbers: what is asked is how the request's stands to the
// policy's.
func numeric(asked func(c int) bool) func(policy, request string) bool {
	return func(policy, request string) bool {
		p, err := strconv.ParseFloat(policy, 64)
		r, err2 := strconv.ParseFloat(request, 64)
		if err != nil || err2 != nil {
			return false
		}
		switch {
		case r < p:
			return asked(-1)
		case r > p:
			return asked(1)
		}
		return asked(0)
	}
}

func dated(asked func(c int) bool) func(policy, request string) bool {
	return func(policy, request string) bool {
		p, err := time.Parse(time.RFC3339, policy)
		r, err2 := time.Parse(time.RFC3339, request)
		return err == nil && err2 == nil && asked(r.Compare(p))
	}
}
