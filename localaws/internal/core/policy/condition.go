package policy

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Conditions, as
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
// describes them.

// operator compares one value of the policy with one of the request. A negative
// one wants that no value of the policy fits.
type operator struct {
	fits     func(e evaluation, policy, request string) bool
	negative bool
}

var operators = map[string]operator{
	"StringEquals":              {fits: equal},
	"StringNotEquals":           {fits: equal, negative: true},
	"StringEqualsIgnoreCase":    {fits: equalFold},
	"StringNotEqualsIgnoreCase": {fits: equalFold, negative: true},
	"StringLike":                {fits: like},
	"StringNotLike":             {fits: like, negative: true},
	"ArnEquals":                 {fits: likeARN},
	"ArnLike":                   {fits: likeARN},
	"ArnNotEquals":              {fits: likeARN, negative: true},
	"ArnNotLike":                {fits: likeARN, negative: true},
	"Bool":                      {fits: func(_ evaluation, p, r string) bool { return strings.EqualFold(p, r) }},
	"BinaryEquals":              {fits: func(_ evaluation, p, r string) bool { return p == r }},
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

const null = "Null"

// Set operators, for keys with several values.
const (
	forAll = "ForAllValues:"
	forAny = "ForAnyValue:"
)

// checkCondition refuses an operator that doesn't exist, and one without
// values.
func checkCondition(name string, keys map[string]List) error {
	bare := strings.TrimPrefix(strings.TrimPrefix(name, forAll), forAny)
	if _, ok := operators[strings.TrimSuffix(bare, "IfExists")]; !ok && bare != null {
		return syntax("Invalid Condition type: %s", name)
	}
	for key, values := range keys {
		if key == "" {
			return syntax("the condition %s has no key", name)
		}
		for _, value := range values {
			if bare == null && value != "true" && value != "false" {
				return syntax("the condition Null takes true or false, not %q", value)
			}
		}
	}
	return nil
}

// conditionsHold reports whether all conditions of a statement hold.
func (e evaluation) conditionsHold(st *Statement) bool {
	for name, keys := range st.Condition {
		for key, values := range keys {
			if !e.holds(name, key, values) {
				return false
			}
		}
	}
	return true
}

// holds evaluates one condition. A key that the request does not have fails it,
// unless the operator is negative, ends in IfExists, or begins with
// ForAllValues.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
func (e evaluation) holds(name, key string, values []string) bool {
	have, has := e.Context.get(key)
	bare, all := strings.CutPrefix(name, forAll)
	bare, any := strings.CutPrefix(bare, forAny)
	if bare == null {
		return slices.Contains(values, strconv.FormatBool(!has))
	}
	bare, ifExists := strings.CutSuffix(bare, "IfExists")
	op := operators[bare] // checked when the policy was read
	if !has {
		return ifExists || all || op.negative && !any
	}
	fits := func(value string) bool {
		return slices.ContainsFunc(values, func(p string) bool { return op.fits(e, p, value) }) != op.negative
	}
	if any || !all && !op.negative {
		return slices.ContainsFunc(have, fits)
	}
	return !slices.ContainsFunc(have, func(value string) bool { return !fits(value) })
}

func equal(e evaluation, policy, request string) bool {
	pattern, ok := e.read(policy, false)
	return ok && pattern.Match(request)
}

func equalFold(e evaluation, policy, request string) bool {
	pattern, ok := e.read(policy, false)
	return ok && pattern.FoldCase().Match(strings.ToLower(request))
}

func like(e evaluation, policy, request string) bool {
	pattern, ok := e.read(policy, true)
	return ok && pattern.Match(request)
}

func likeARN(e evaluation, policy, request string) bool {
	pattern, ok := e.read(policy, true)
	return ok && arnLike(pattern, request)
}

// inNetwork reports whether an address is in a network, or is the address that
// the policy gives.
func inNetwork(_ evaluation, network, address string) bool {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	if prefix, err := netip.ParsePrefix(network); err == nil {
		return prefix.Contains(ip.Unmap())
	}
	one, err := netip.ParseAddr(network)
	return err == nil && one == ip.Unmap()
}

// numeric compares numbers: asked is about how the request's stands to the
// policy's.
func numeric(asked func(c int) bool) func(_ evaluation, policy, request string) bool {
	return func(_ evaluation, policy, request string) bool {
		p, err := strconv.ParseFloat(policy, 64)
		r, err2 := strconv.ParseFloat(request, 64)
		return err == nil && err2 == nil && asked(cmp.Compare(r, p))
	}
}

func dated(asked func(c int) bool) func(_ evaluation, policy, request string) bool {
	return func(_ evaluation, policy, request string) bool {
		p, ok := readDate(policy)
		r, ok2 := readDate(request)
		return ok && ok2 && asked(r.Compare(p))
	}
}

// readDate reads a date of ISO 8601, or seconds since 1970.
func readDate(text string) (time.Time, bool) {
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil && len(text) > len("2006") {
		return time.Unix(seconds, 0), true
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15Z07:00", time.DateOnly, "2006-01", "2006"} {
		if date, err := time.Parse(layout, text); err == nil {
			return date, true
		}
	}
	return time.Time{}, false
}
