package efs

// Operations are the names of those that are served.
func (s *Service) Operations() []string {
	names := make([]string, 0, len(s.routes))
	for _, route := range s.routes {
		names = append(names, route.Operation)
	}
	return names
}
