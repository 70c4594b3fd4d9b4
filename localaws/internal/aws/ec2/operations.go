package ec2

import (
	"slices"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Wire is EC2's entry on the wire, with all operations that it has.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:       "ec2",
		Protocol:   wire.EC2Query,
		Namespace:  "http://ec2.amazonaws.com/doc/2016-11-15/",
		Operations: slices.Concat(s.networkOperations(), s.securityOperations(), s.instanceOperations()),
	}
}

// networkOperations are those of the region and of VPCs.
func (s *Service) networkOperations() []wire.Operation {
	return []wire.Operation{
		wire.Op("DescribeAccountAttributes", s.describeAccountAttributes),
		wire.Op("DescribeAvailabilityZones", s.describeAvailabilityZones),
		wire.Op("DescribeRegions", s.describeRegions),

		wire.Op("CreateTags", s.createTags),
		wire.Op("DeleteTags", s.deleteTags),
		wire.Op("DescribeTags", s.describeTags),

		wire.Op("CreateVpc", s.createVPC),
		wire.Op("DeleteVpc", s.deleteVPC),
		wire.Op("DescribeVpcs", s.describeVPCs),
		wire.Op("DescribeVpcAttribute", s.describeVPCAttribute),
		wire.Op("ModifyVpcAttribute", s.modifyVPCAttribute),
		wire.Op("ModifyVpcTenancy", s.modifyVPCTenancy),
		wire.Op("AssociateVpcCidrBlock", s.associateVPCCIDR),
		wire.Op("DisassociateVpcCidrBlock", s.disassociateVPCCIDR),
		wire.Op("DescribeNetworkAcls", s.describeNetworkACLs),

		wire.Op("CreateSubnet", s.createSubnet),
		wire.Op("DeleteSubnet", s.deleteSubnet),
		wire.Op("DescribeSubnets", s.describeSubnets),
		wire.Op("ModifySubnetAttribute", s.modifySubnetAttribute),

		wire.Op("CreateInternetGateway", s.createInternetGateway),
		wire.Op("DeleteInternetGateway", s.deleteInternetGateway),
		wire.Op("DescribeInternetGateways", s.describeInternetGateways),
		wire.Op("AttachInternetGateway", s.attachInternetGateway),
		wire.Op("DetachInternetGateway", s.detachInternetGateway),

		wire.Op("AllocateAddress", s.allocateAddress),
		wire.Op("ReleaseAddress", s.releaseAddress),
		wire.Op("DescribeAddresses", s.describeAddresses),
		wire.Op("DescribeAddressesAttribute", s.describeAddressesAttribute),
		wire.Op("AssociateAddress", s.associateAddress),
		wire.Op("DisassociateAddress", s.disassociateAddress),

		wire.Op("CreateVpcEndpoint", s.createVPCEndpoint),
		wire.Op("DeleteVpcEndpoints", s.deleteVPCEndpoints),
		wire.Op("DescribeVpcEndpoints", s.describeVPCEndpoints),

		wire.Op("CreateNatGateway", s.createNATGateway),
		wire.Op("DeleteNatGateway", s.deleteNATGateway),
		wire.Op("DescribeNatGateways", s.describeNATGateways),

		wire.Op("CreateRouteTable", s.createRouteTable),
		wire.Op("DeleteRouteTable", s.deleteRouteTable),
		wire.Op("DescribeRouteTables", s.describeRouteTables),
		wire.Op("AssociateRouteTable", s.associateRouteTable),
		wire.Op("DisassociateRouteTable", s.disassociateRouteTable),
		wire.Op("ReplaceRouteTableAssociation", s.replaceRouteTableAssociation),
		wire.Op("CreateRoute", s.createRoute),
		wire.Op("ReplaceRoute", s.replaceRoute),
		wire.Op("DeleteRoute", s.deleteRoute),
	}
}

// securityOperations are those of who may talk to whom, and through what.
func (s *Service) securityOperations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateSecurityGroup", s.createSecurityGroup),
		wire.Op("DeleteSecurityGroup", s.deleteSecurityGroup),
		wire.Op("DescribeSecurityGroups", s.describeSecurityGroups),
		wire.Op("AuthorizeSecurityGroupIngress", s.authorizeIngress),
		wire.Op("AuthorizeSecurityGroupEgress", s.authorizeEgress),
		wire.Op("RevokeSecurityGroupIngress", s.revokeIngress),
		wire.Op("RevokeSecurityGroupEgress", s.revokeEgress),
		wire.Op("DescribeSecurityGroupRules", s.describeSecurityGroupRules),
		wire.Op("ModifySecurityGroupRules", s.modifySecurityGroupRules),
		wire.Op("UpdateSecurityGroupRuleDescriptionsIngress", s.describeIngressAs),
		wire.Op("UpdateSecurityGroupRuleDescriptionsEgress", s.describeEgressAs),

		wire.Op("DescribeNetworkInterfaces", s.describeNetworkInterfaces),
		wire.Op("DetachNetworkInterface", s.detachNetworkInterface),
		wire.Op("DeleteNetworkInterface", s.deleteNetworkInterface),
	}
}

// instanceOperations are those of instances and what they start from.
func (s *Service) instanceOperations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateLaunchTemplate", s.createLaunchTemplate),
		wire.Op("DeleteLaunchTemplate", s.deleteLaunchTemplate),
		wire.Op("DescribeLaunchTemplates", s.describeLaunchTemplates),
		wire.Op("ModifyLaunchTemplate", s.modifyLaunchTemplate),
		wire.Op("CreateLaunchTemplateVersion", s.createLaunchTemplateVersion),
		wire.Op("DeleteLaunchTemplateVersions", s.deleteLaunchTemplateVersions),
		wire.Op("DescribeLaunchTemplateVersions", s.describeLaunchTemplateVersions),

		wire.Op("ImportKeyPair", s.importKeyPair),
		wire.Op("DeleteKeyPair", s.deleteKeyPair),
		wire.Op("DescribeKeyPairs", s.describeKeyPairs),

		wire.Op("DescribeImages", s.describeImages),
		wire.Op("GetInstanceUefiData", s.getInstanceUEFIData),
		wire.Op("DescribeInstanceTypes", s.describeInstanceTypes),
		wire.Op("DescribeInstanceTypeOfferings", s.describeInstanceTypeOfferings),

		wire.Op("DescribeInstances", s.describeInstances),
		wire.Op("DescribeInstanceAttribute", s.describeInstanceAttribute),
		wire.Op("DescribeInstanceStatus", s.describeInstanceStatus),
		wire.Op("DescribeVolumes", s.describeVolumes),
		wire.Op("TerminateInstances", s.terminateInstances),
	}
}
