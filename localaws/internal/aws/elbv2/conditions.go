package elbv2

import (
	"net/netip"
	"regexp"
	"strings"
)

// Fields of conditions.
const (
	FieldHost     = "host-header"
	FieldPath     = "path-pattern"
	FieldHeader   = "http-header"
	FieldMethod   = "http-request-method"
	FieldQuery    = "query-string"
	FieldSourceIP = "source-ip"
)

const (
	maxConditionValues = 5
	maxValueLength     = 128
	maxHeaderName      = 40
)

// checkConditions holds a rule's conditions to the rules, and returns them as
// AWS shows them: values of hosts and paths in both places that they have,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html.
func checkConditions(conditions []Condition) ([]Condition, error) {
	if len(conditions) == 0 {
		return nil, invalid("A condition must be specified")
	}
	checked := make([]Condition, 0, len(conditions))
	seen := map[string]bool{}
	total := 0
	for _, condition := range conditions {
		if seen[condition.Field] && condition.Field != FieldHeader && condition.Field != FieldQuery {
			return nil, invalid("A rule can only have one '%s' condition", condition.Field)
		}
		seen[condition.Field] = true
		condition, err := checkCondition(condition)
		if err != nil {
			return nil, err
		}
		total += len(condition.strings())
		checked = append(checked, condition)
	}
	if total > maxConditionValues {
		return nil, invalid("A rule can only have '%d' condition values, but has '%d'", maxConditionValues, total)
	}
	return checked, nil
}

func checkCondition(c Condition) (Condition, error) {
	var err error
	switch c.Field {
	case FieldHost:
		c.HostHeaderConfig, err = valuesOf(c, c.HostHeaderConfig)
		c.Values, c.RegexValues = shown(c.HostHeaderConfig)
		if err == nil {
			err = checkHosts(c.Values)
		}
	case FieldPath:
		c.PathPatternConfig, err = valuesOf(c, c.PathPatternConfig)
		c.Values, c.RegexValues = shown(c.PathPatternConfig)
	case FieldHeader:
		err = checkHeaderCondition(c.HttpHeaderConfig)
	case FieldMethod:
		err = checkMethods(c.HttpRequestMethodConfig)
	case FieldQuery:
		if c.QueryStringConfig == nil {
			err = invalid("A '%s' condition must have a query string config", c.Field)
		}
	case FieldSourceIP:
		err = checkSources(c.SourceIpConfig)
	default:
		err = invalid("Condition field '%s' must be one of '[%s]'", c.Field,
			strings.Join([]string{FieldPath, FieldHost, FieldHeader, FieldMethod, FieldQuery, FieldSourceIP}, ", "))
	}
	if err != nil {
		return c, err
	}
	return c, checkStrings(c)
}

// strings are all values of a condition, wherever they stand.
func (c Condition) strings() []string {
	switch {
	case c.HostHeaderConfig != nil:
		return append(c.HostHeaderConfig.Values[:len(c.HostHeaderConfig.Values):len(c.HostHeaderConfig.Values)], c.HostHeaderConfig.RegexValues...)
	case c.PathPatternConfig != nil:
		return append(c.PathPatternConfig.Values[:len(c.PathPatternConfig.Values):len(c.PathPatternConfig.Values)], c.PathPatternConfig.RegexValues...)
	case c.HttpHeaderConfig != nil:
		return append(c.HttpHeaderConfig.Values[:len(c.HttpHeaderConfig.Values):len(c.HttpHeaderConfig.Values)], c.HttpHeaderConfig.RegexValues...)
	case c.HttpRequestMethodConfig != nil:
		return c.HttpRequestMethodConfig.Values
	case c.SourceIpConfig != nil:
		return c.SourceIpConfig.Values
	case c.QueryStringConfig != nil:
		var values []string
		for _, pair := range c.QueryStringConfig.Values {
			values = append(values, pair.Value)
		}
		return values
	}
	return nil
}

func checkStrings(c Condition) error {
	values := c.strings()
	if len(values) == 0 {
		return invalid("A '%s' condition must have a value", c.Field)
	}
	for _, value := range values {
		if value == "" || len(value) > maxValueLength {
			return invalid("Condition value '%s' must have from 1 to %d characters", value, maxValueLength)
		}
	}
	return nil
}

// valuesOf takes a condition's patterns from the one place where they were
// given.
func valuesOf(c Condition, config *ValuesConfig) (*ValuesConfig, error) {
	values := ValuesConfig{Values: c.Values, RegexValues: c.RegexValues}
	if config != nil {
		values = *config
	}
	return &values, checkRegexes(values.RegexValues)
}

func shown(config *ValuesConfig) (values, regexes []string) {
	if config == nil {
		return nil, nil
	}
	return config.Values, config.RegexValues
}

// hostPattern is a host name with * and ?: no underscore, and only letters
// after the last dot,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_HostHeaderConditionConfig.html.
var hostPattern = regexp.MustCompile(`^[A-Za-z0-9.*?-]*\.[A-Za-z]+$`)

func checkHosts(patterns []string) error {
	for _, pattern := range patterns {
		if !hostPattern.MatchString(pattern) {
			return invalid("Condition value for field '%s' must be a valid hostname", FieldHost)
		}
	}
	return nil
}

func checkRegexes(expressions []string) error {
	for _, expression := range expressions {
		if _, err := regexp.Compile(expression); err != nil {
			return invalid("The regular expression '%s' is not valid: %v", expression, err)
		}
	}
	return nil
}

var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

func checkHeaderCondition(config *HTTPHeaderConfig) error {
	switch {
	case config == nil:
		return invalid("A '%s' condition must have an HTTP header config", FieldHeader)
	case len(config.HttpHeaderName) > maxHeaderName || !headerName.MatchString(config.HttpHeaderName):
		return invalid("The HTTP header name '%s' is not valid", config.HttpHeaderName)
	case strings.EqualFold(config.HttpHeaderName, "host"):
		return invalid("The HTTP header name 'Host' is not valid; use a '%s' condition", FieldHost)
	}
	return checkRegexes(config.RegexValues)
}

var methodName = regexp.MustCompile(`^[A-Z_-]{1,40}$`)

func checkMethods(config *PlainConfig) error {
	if config == nil {
		return invalid("A '%s' condition must have an HTTP request method config", FieldMethod)
	}
	for _, method := range config.Values {
		if !methodName.MatchString(method) {
			return invalid("The HTTP request method '%s' is not valid", method)
		}
	}
	return nil
}

func checkSources(config *PlainConfig) error {
	if config == nil {
		return invalid("A '%s' condition must have a source IP config", FieldSourceIP)
	}
	for _, block := range config.Values {
		if _, err := netip.ParsePrefix(block); err != nil {
			return invalid("The source IP '%s' is not a CIDR block", block)
		}
	}
	return nil
}
