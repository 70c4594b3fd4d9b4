package httpd

import "strings"

// require reads Require all granted, or denied.
// https://httpd.apache.org/docs/2.4/mod/mod_authz_core.html#require
func require(s *scope, args []string) error {
	if !strings.EqualFold(args[0], "all") {
		return s.errorf("Unknown Authz provider: %s (the embedded httpd knows all)", args[0])
	}
	granted := len(args) == 2 && strings.EqualFold(args[1], "granted")
	if !granted && (len(args) != 2 || !strings.EqualFold(args[1], "denied")) {
		return s.errorf("Require all: the argument must be 'granted' or 'denied'")
	}
	if before := s.settings.granted; before != nil && *before {
		return nil // of several lines one must grant
	}
	s.settings.granted = &granted
	return nil
}
