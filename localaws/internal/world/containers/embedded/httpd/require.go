package httpd

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// addRule adds a rule to where a Require line stands.
func (s *scope) addRule(r rule) {
	if s.require != nil {
		s.require.each = append(s.require.each, r)
		return
	}
	if s.settings.require == nil {
		s.settings.require = &requirement{}
	}
	s.settings.require.each = append(s.settings.require.each, r)
}

// require reads Require [not] provider values,
// https://httpd.apache.org/docs/2.4/mod/mod_authz_core.html#require
func require(s *scope, args []string) error {
	r := rule{}
	if strings.EqualFold(args[0], "not") && len(args) > 1 {
		r.negate, args = true, args[1:]
	}
	r.kind, r.values = strings.ToLower(args[0]), args[1:]
	switch r.kind {
	case "all":
		if len(args) != 2 || !slices.Contains([]string{"granted", "denied"}, strings.ToLower(args[1])) {
			return s.errorf("Require all: the argument must be 'granted' or 'denied'")
		}
		r.kind = strings.ToLower(args[1])
	case "ip":
		for _, value := range r.values {
			network, ok := parseNetwork(value)
			if !ok {
				return s.errorf("ip address '%s' appears to be invalid", value)
			}
			r.nets = append(r.nets, network)
		}
	case "local", "method":
	default:
		return s.errorf("Unknown Authz provider: %s (the embedded httpd knows all, ip, local and method)", args[0])
	}
	s.addRule(r)
	return nil
}

// parseNetwork reads an address, a prefix, or the beginning of an address, 10.1.
func parseNetwork(text string) (netip.Prefix, bool) {
	if prefix, err := netip.ParsePrefix(text); err == nil {
		return prefix.Masked(), true
	}
	if address, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(address, address.BitLen()), true
	}
	parts := strings.Split(strings.TrimSuffix(text, "."), ".")
	if len(parts) > 3 {
		return netip.Prefix{}, false
	}
	address, err := netip.ParseAddr(strings.Join(append(parts, slices.Repeat([]string{"0"}, 4-len(parts))...), "."))
	if err != nil {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(address, 8*len(parts)), true
}

// grants tells whether a request may have what the requirement guards.
func (r *requirement) grants(request *http.Request, client netip.Addr) bool {
	if r == nil {
		return true
	}
	any := false
	for _, rule := range r.each {
		ok := rule.holds(request, client) != rule.negate
		if !ok && (r.all || rule.negate) {
			return false
		}
		any = any || ok
	}
	return any || r.all
}

func (r *rule) holds(request *http.Request, client netip.Addr) bool {
	switch r.kind {
	case "granted":
		return true
	case "nested":
		return r.nested.grants(request, client)
	case "local":
		return client.IsLoopback()
	case "method":
		return slices.Contains(r.values, request.Method)
	case "ip":
		return slices.ContainsFunc(r.nets, func(n netip.Prefix) bool { return n.Contains(client) })
	}
	return false
}
