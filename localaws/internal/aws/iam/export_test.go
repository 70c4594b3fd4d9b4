package iam

// CheckPermissions and Decide are what reads a document, for the fuzzer.

func CheckPermissions(text string) error { return checkPermissions(text) }

func (s *Service) Decide(text, action, resource string) string {
	return s.decide([]string{text}, action, resource, Context{})
}
