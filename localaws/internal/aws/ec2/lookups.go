package ec2

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// What more than one kind of resource looks up. These return what is to be read;
// what changes a record puts it first.

func (s *records) vpc(id string) (*vpc, error) {
	return get(s.vpcs, id, "vpcId", vpcNotFound)
}

func (s *records) subnet(id string) (*subnet, error) {
	return get(s.subnets, id, "subnetId", subnetNotFound)
}

func (s *records) internetGateway(id string) (*internetGateway, error) {
	return get(s.internetGateways, id, "internetGatewayId", internetGatewayNotFound)
}

// gatewayOf is the internet gateway that is attached to a VPC.
func (s *records) gatewayOf(vpcID string) (*internetGateway, bool) {
	return find(s.internetGateways, func(g *internetGateway) bool { return g.VPCID == vpcID && vpcID != "" })
}

func (s *records) elasticIP(id string) (*elasticIP, error) {
	return get(s.elasticIPs, id, "allocationId", allocationNotFound)
}

func (s *records) byPublicIP(public string) (*elasticIP, bool) {
	return find(s.elasticIPs, func(a *elasticIP) bool { return a.PublicIP == public })
}

func (s *records) byInterface(interfaceID string) (*elasticIP, bool) {
	return find(s.elasticIPs, func(a *elasticIP) bool { return a.InterfaceID == interfaceID && interfaceID != "" })
}

func (s *records) routeTable(id string) (*routeTable, error) {
	return get(s.routeTables, id, "routeTableId", routeTableNotFound)
}

func (s *records) group(id string) (*securityGroup, error) {
	return get(s.securityGroups, id, "groupId", groupNotFound)
}

// defaultGroup is the id of a VPC's default group.
func (s *records) defaultGroup(vpcID string) string {
	group, ok := find(s.securityGroups, func(g *securityGroup) bool { return g.VPCID == vpcID && g.Name == defaultGroupName })
	if !ok {
		return ""
	}
	return group.ID
}

// ruleByID finds a rule and the group that has it.
func (s *records) ruleByID(id string) (*securityGroup, *rule, bool) {
	for _, group := range s.securityGroups.All() {
		for i := range group.Rules {
			if group.Rules[i].ID == id {
				return group, &group.Rules[i], true
			}
		}
	}
	return nil, nil, false
}

func (s *records) groupIDs(ids []string) []groupID {
	return each(ids, func(id string) groupID {
		item := groupID{ID: id}
		if group, ok := s.securityGroups.Get(id); ok {
			item.Name = group.Name
		}
		return item
	})
}

func (s *records) launchTemplate(id, name string) (*launchTemplate, error) {
	if id == "" && name == "" {
		return nil, missing("launchTemplateId or launchTemplateName")
	}
	if id != "" {
		if template, ok := s.launchTemplates.Get(id); ok {
			return template, nil
		}
		return nil, templateIDNotFound(id)
	}
	if template, ok := s.templateByName(name); ok {
		return template, nil
	}
	return nil, templateNameNotFound(name)
}

func (s *records) templateByName(name string) (*launchTemplate, bool) {
	return find(s.launchTemplates, func(t *launchTemplate) bool { return t.Name == name })
}

// versionID is the key of a version's record.
func versionID(templateID string, number int64) string {
	return fmt.Sprintf("%s %09d", templateID, number)
}

func (s *records) version(t *launchTemplate, version string) (*templateVersion, error) {
	number := t.Default
	switch version {
	case "", defaultVersion:
	case latestVersion:
		number = t.Latest
	default:
		n, err := strconv.ParseInt(version, 10, 64)
		if err != nil {
			return nil, wire.Errorf("InvalidLaunchTemplateVersion.Malformed", "The launch template version %q is neither a number nor $Latest nor $Default.", version)
		}
		number = n
	}
	if v, ok := s.templateVersions.Get(versionID(t.ID, number)); ok {
		return v, nil
	}
	return nil, wire.Errorf("InvalidLaunchTemplateId.VersionNotFound", "Could not find the specified version %s for the launch template with ID %s.", version, t.ID)
}

func (s *records) keyByName(name string) (*keyPair, bool) {
	return find(s.keyPairs, func(k *keyPair) bool { return k.Name == name })
}

func (s *records) volumeOwner(id string) (*instance, bool) {
	return find(s.instances, func(m *instance) bool {
		return slices.ContainsFunc(m.Volumes, func(v volume) bool { return v.ID == id })
	})
}
