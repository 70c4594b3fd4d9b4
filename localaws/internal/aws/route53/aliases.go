package route53

import "strings"

// AliasNames are the names of all alias records of public zones, with the name
// of what each is an alias of; both without the dot at their end.
func (s *Service) AliasNames() map[string]string {
	names := map[string]string{}
	for _, z := range s.state.Zones {
		if z.Private {
			continue
		}
		for _, r := range z.Records {
			if r.AliasTarget != nil {
				names[strings.TrimSuffix(r.Name, ".")] = strings.TrimSuffix(r.AliasTarget.DNSName, ".")
			}
		}
	}
	return names
}
