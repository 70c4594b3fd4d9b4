package dataplane

import (
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/glob"
)

// condition reports whether a request is one that a rule is for.
type condition func(r *http.Request, from netip.Addr) bool

// match returns the first rule whose conditions all hold; the default rule is
// the last and has none.
func (s *site) match(r *http.Request, from netip.Addr) *rule {
	for i := range s.rules {
		if s.rules[i].matches(r, from) {
			return &s.rules[i]
		}
	}
	return &s.rules[len(s.rules)-1]
}

func (r *rule) matches(request *http.Request, from netip.Addr) bool {
	return !slices.ContainsFunc(r.conditions, func(holds condition) bool { return !holds(request, from) })
}

// compile makes conditions ready; see
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html.
func compile(conditions []elbv2.Condition) []condition {
	ready := make([]condition, 0, len(conditions))
	for _, c := range conditions {
		switch {
		case c.HostHeaderConfig != nil:
			ready = append(ready, hostCondition(c.HostHeaderConfig))
		case c.PathPatternConfig != nil:
			ready = append(ready, pathCondition(c.PathPatternConfig))
		case c.HttpHeaderConfig != nil:
			ready = append(ready, headerCondition(c.HttpHeaderConfig))
		case c.HttpRequestMethodConfig != nil:
			ready = append(ready, methodCondition(c.HttpRequestMethodConfig))
		case c.QueryStringConfig != nil:
			ready = append(ready, queryCondition(c.QueryStringConfig))
		case c.SourceIpConfig != nil:
			ready = append(ready, sourceCondition(c.SourceIpConfig))
		}
	}
	return ready
}

// patterns are those with * and ?, and regular expressions.
type patterns struct {
	globs   []glob.Pattern
	regexes []*regexp.Regexp
}

func newPatterns(globs, regexes []string, foldCase bool) patterns {
	var p patterns
	for _, text := range globs {
		pattern := glob.Wildcards(text)
		if foldCase {
			pattern = pattern.FoldCase()
		}
		p.globs = append(p.globs, pattern)
	}
	for _, expression := range regexes {
		if compiled, err := regexp.Compile(expression); err == nil { // elbv2 has checked it
			p.regexes = append(p.regexes, compiled)
		}
	}
	return p
}

func (p patterns) match(value string) bool {
	return slices.ContainsFunc(p.globs, func(g glob.Pattern) bool { return g.Match(value) }) ||
		slices.ContainsFunc(p.regexes, func(r *regexp.Regexp) bool { return r.MatchString(value) })
}

func hostCondition(config *elbv2.ValuesConfig) condition {
	hosts := newPatterns(config.Values, config.RegexValues, true)
	return func(r *http.Request, _ netip.Addr) bool { return hosts.match(hostOf(r)) }
}

// hostOf is the name that a request is for, without the port.
func hostOf(r *http.Request) string {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(host)
}

func pathCondition(config *elbv2.ValuesConfig) condition {
	paths := newPatterns(config.Values, config.RegexValues, false)
	return func(r *http.Request, _ netip.Addr) bool { return paths.match(r.URL.EscapedPath()) }
}

func headerCondition(config *elbv2.HTTPHeaderConfig) condition {
	values := newPatterns(config.Values, config.RegexValues, true)
	return func(r *http.Request, _ netip.Addr) bool {
		return slices.ContainsFunc(r.Header.Values(config.HttpHeaderName), func(value string) bool {
			return values.match(strings.ToLower(value))
		})
	}
}

func methodCondition(config *elbv2.PlainConfig) condition {
	return func(r *http.Request, _ netip.Addr) bool { return slices.Contains(config.Values, r.Method) }
}

func queryCondition(config *elbv2.QueryStringConfig) condition {
	return func(r *http.Request, _ netip.Addr) bool {
		for key, values := range r.URL.Query() {
			for _, value := range values {
				if slices.ContainsFunc(config.Values, func(p elbv2.QueryPair) bool { return queryMatch(p, key, value) }) {
					return true
				}
			}
		}
		return false
	}
}

func queryMatch(p elbv2.QueryPair, key, value string) bool {
	fits := func(pattern, text string) bool {
		return glob.Wildcards(pattern).FoldCase().Match(strings.ToLower(text))
	}
	return (p.Key == "" || fits(p.Key, key)) && fits(p.Value, value)
}

func sourceCondition(config *elbv2.PlainConfig) condition {
	var blocks []netip.Prefix
	for _, text := range config.Values {
		if block, err := netip.ParsePrefix(text); err == nil { // elbv2 has checked it
			blocks = append(blocks, block)
		}
	}
	return func(_ *http.Request, from netip.Addr) bool {
		return slices.ContainsFunc(blocks, func(block netip.Prefix) bool { return block.Contains(from) })
	}
}
