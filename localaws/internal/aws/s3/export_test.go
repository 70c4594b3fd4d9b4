package s3

// Operations are the names of those that are served.
func (s *Service) Operations() []string {
	var names []string
	for _, route := range s.router.routes {
		names = append(names, route.operation)
	}
	return names
}
