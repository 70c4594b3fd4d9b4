package ec2

// Resources counts what users made, by kind: not what came with a VPC, and not
// what is gone and only listed for a while.
func (s *Service) Resources() map[string]int {
	counts := map[string]int{
		"vpcs":               len(s.state.VPCs),
		"subnets":            len(s.state.Subnets),
		"internet gateways":  len(s.state.InternetGateways),
		"elastic IPs":        len(s.state.ElasticIPs),
		"network interfaces": len(s.state.Interfaces),
		"launch templates":   len(s.state.LaunchTemplates),
		"key pairs":          len(s.state.KeyPairs),
		"vpc endpoints":      len(s.state.VPCEndpoints),
	}
	for _, gateway := range s.state.NATGateways {
		if gateway.State != natDeleted {
			counts["nat gateways"]++
		}
	}
	for _, table := range s.state.RouteTables {
		if !table.isMain() {
			counts["route tables"]++
		}
	}
	for _, group := range s.state.SecurityGroups {
		if group.Name != defaultGroupName {
			counts["security groups"]++
		}
	}
	for _, machine := range s.state.Instances {
		if machine.State != StateTerminated {
			counts["instances"]++
		}
	}
	return counts
}
