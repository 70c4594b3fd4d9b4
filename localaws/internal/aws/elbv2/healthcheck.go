package elbv2

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// TrafficPort says that a health check goes to the port that gets the traffic.
const TrafficPort = "traffic-port"

// GRPCPath is where a gRPC group's targets are checked unless told otherwise.
const GRPCPath = "/AWS.ALB/healthcheck"

// healthCheckSettings are those that create and modify share; nil and "" are
// not given.
type healthCheckSettings struct {
	Enabled                              *bool
	Protocol, Port, Path                 string
	Interval, Timeout                    *int32
	HealthyThreshold, UnhealthyThreshold *int32
	Matcher                              *Matcher
}

// newHealthCheck fills in the defaults of the group's kind,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html.
func newHealthCheck(group TargetGroup, in healthCheckSettings) (HealthCheck, error) {
	check := HealthCheck{Protocol: "TCP", Port: TrafficPort, Interval: 30, Timeout: 10, HealthyThreshold: 5, UnhealthyThreshold: 2}
	if group.balancesRequests() {
		check.Protocol, check.Timeout = "HTTP", 5
	} else if cmp.Or(in.Protocol, "TCP") == "HTTP" {
		check.Timeout = 6
	}
	if !group.balancesRequests() && in.Interval != nil {
		check.Timeout = min(check.Timeout, *in.Interval)
	}
	group.HealthCheck = check
	return changeHealthCheck(group, in)
}

// changeHealthCheck returns the group's health check with what is given
// changed, and checks all of it.
func changeHealthCheck(group TargetGroup, in healthCheckSettings) (HealthCheck, error) {
	check := group.HealthCheck
	if in.Enabled != nil && !*in.Enabled {
		return check, invalid("Health check enabled must be true for target groups with target type '%s'", group.TargetType)
	}
	check.Protocol = cmp.Or(in.Protocol, check.Protocol)
	check.Port = cmp.Or(in.Port, check.Port)
	for _, number := range []struct{ to, from *int32 }{
		{&check.Interval, in.Interval}, {&check.Timeout, in.Timeout},
		{&check.HealthyThreshold, in.HealthyThreshold}, {&check.UnhealthyThreshold, in.UnhealthyThreshold},
	} {
		if number.from != nil {
			*number.to = *number.from
		}
	}
	if err := checkTimes(group, check); err != nil {
		return check, err
	}
	if err := checkProbe(group, check); err != nil {
		return check, err
	}
	if check.Protocol == "TCP" {
		return tcpCheck(check, in)
	}
	return requestCheck(group, check, in)
}

// checkTimes: an NLB's timeout may be as long as the interval, as the default of TCP
// checks is with the interval of 10 seconds that NLBs began with.
func checkTimes(group TargetGroup, check HealthCheck) error {
	if check.Timeout > check.Interval || check.Timeout == check.Interval && group.balancesRequests() {
		return invalid("Health check interval must be greater than the timeout: '%d' and '%d' seconds", check.Interval, check.Timeout)
	}
	return nil
}

func checkProbe(group TargetGroup, check HealthCheck) error {
	protocols := []string{"HTTP", "HTTPS", "TCP"}
	if group.balancesRequests() {
		protocols = []string{"HTTP", "HTTPS"}
	}
	if !slices.Contains(protocols, check.Protocol) {
		return invalid("Health check protocol '%s' must be one of '%s' for target groups with protocol '%s'",
			check.Protocol, strings.Join(protocols, ", "), group.Protocol)
	}
	if check.Port != TrafficPort && within(1, 65535)(check.Port) != "" {
		return invalid("Health check port '%s' must be 'traffic-port' or a number from 1 to 65535", check.Port)
	}
	return nil
}

func tcpCheck(check HealthCheck, in healthCheckSettings) (HealthCheck, error) {
	if in.Path != "" {
		return check, invalidConfiguration("Health check paths are not supported for TCP health checks")
	}
	if in.Matcher != nil && (in.Matcher.HttpCode != "" || in.Matcher.GrpcCode != "") {
		return check, invalidConfiguration("Health check matchers are not supported for TCP health checks")
	}
	check.Path, check.HTTPCodes, check.GRPCCodes = "", "", ""
	return check, nil
}

// requestCheck sets path and matcher of a check that sends a request.
func requestCheck(group TargetGroup, check HealthCheck, in healthCheckSettings) (HealthCheck, error) {
	path, codes, high := "/", "200", 499
	if !group.balancesRequests() {
		codes, high = "200-399", 599
	}
	matcher := Matcher{}
	if in.Matcher != nil {
		matcher = *in.Matcher
	}
	if group.ProtocolVersion == "GRPC" {
		if matcher.HttpCode != "" {
			return check, invalidConfiguration("The matcher of a target group with the protocol-version 'GRPC' must be gRPC codes, not the HTTP codes '%s'", matcher.HttpCode)
		}
		check.Path = cmp.Or(in.Path, check.Path, GRPCPath)
		check.GRPCCodes = cmp.Or(matcher.GrpcCode, check.GRPCCodes, "12")
		if err := checkCodes("gRPC", check.GRPCCodes, 0, 99); err != nil {
			return check, err
		}
	} else {
		if matcher.GrpcCode != "" {
			return check, invalidConfiguration("The gRPC codes '%s' as matcher need a target group with the protocol-version 'GRPC'", matcher.GrpcCode)
		}
		check.Path = cmp.Or(in.Path, check.Path, path)
		check.HTTPCodes = cmp.Or(matcher.HttpCode, check.HTTPCodes, codes)
		if err := checkCodes("HTTP", check.HTTPCodes, 200, high); err != nil {
			return check, err
		}
	}
	if !strings.HasPrefix(check.Path, "/") {
		return check, invalid("Health check path '%s' must begin with '/'", check.Path)
	}
	return check, nil
}

// codeRange is a range of status codes, both ends in it.
type codeRange struct{ low, high int }

// parseCodes reads "200", "200,202" and "200-299".
func parseCodes(text string) ([]codeRange, bool) {
	var ranges []codeRange
	for part := range strings.SplitSeq(text, ",") {
		low, high, isRange := strings.Cut(part, "-")
		if !isRange {
			high = low
		}
		first, err := strconv.ParseUint(strings.TrimSpace(low), 10, 16)
		if err != nil {
			return nil, false
		}
		last, err := strconv.ParseUint(strings.TrimSpace(high), 10, 16)
		if err != nil || last < first {
			return nil, false
		}
		ranges = append(ranges, codeRange{int(first), int(last)})
	}
	return ranges, true
}

func checkCodes(kind, text string, low, high int) error {
	ranges, ok := parseCodes(text)
	if !ok {
		return invalid("Health check matcher %s code '%s' must be a code such as '%d', a list of codes, or a range such as '%d-%d'",
			kind, text, low, low, high)
	}
	for _, r := range ranges {
		if r.low < low || r.high > high {
			return invalid("Health check matcher %s code '%s' must be within '%d-%d' inclusive", kind, text, low, high)
		}
	}
	return nil
}

// Matches reports whether a check that got this code has passed: an HTTP status,
// or a gRPC status where the group is a gRPC one.
func (c HealthCheck) Matches(code int) bool {
	ranges, _ := parseCodes(cmp.Or(c.GRPCCodes, c.HTTPCodes))
	return slices.ContainsFunc(ranges, func(r codeRange) bool { return r.low <= code && code <= r.high })
}
