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
		wire.ReadOp("DescribeAccountAttributes", s.describeAccountAttributes),
		wire.ReadOp("DescribeAvailabilityZones", s.describeAvailabilityZones),
		wire.ReadOp("DescribeRegions", s.describeRegions),

		wire.Op("CreateTags", s.createTags),
		wire.Op("DeleteTags", s.deleteTags),
		wire.ReadOp("DescribeTags", s.describeTags),

		wire.Op("CreateVpc", s.createVPC),
		wire.Op("DeleteVpc", s.deleteVPC),
		wire.ReadOp("DescribeVpcs", s.describeVPCs),
		wire.ReadOp("DescribeVpcAttribute", s.describeVPCAttribute),
		wire.Op("ModifyVpcAttribute", s.modifyVPCAttribute),
		wire.Op("ModifyVpcTenancy", s.modifyVPCTenancy),
		wire.Op("AssociateVpcCidrBlock", s.associateVPCCIDR),
		wire.Op("DisassociateVpcCidrBlock", s.disassociateVPCCIDR),
		wire.ReadOp("DescribeNetworkAcls", s.describeNetworkACLs),

		wire.Op("CreateSubnet", s.createSubnet),
		wire.Op("DeleteSubnet", s.deleteSubnet),
		wire.ReadOp("DescribeSubnets", s.describeSubnets),
		wire.Op("ModifySubnetAttribute", s.modifySubnetAttribute),

		wire.Op("CreateInternetGateway", s.createInternetGateway),
		wire.Op("DeleteInternetGateway", s.deleteInternetGateway),
		wire.ReadOp("DescribeInternetGateways", s.describeInternetGateways),
		wire.Op("AttachInternetGateway", s.attachInternetGateway),
		wire.Op("DetachInternetGateway", s.detachInternetGateway),

		wire.Op("AllocateAddress", s.allocateAddress),
		wire.Op("ReleaseAddress", s.releaseAddress),
		wire.ReadOp("DescribeAddresses", s.describeAddresses),
		wire.ReadOp("DescribeAddressesAttribute", s.describeAddressesAttribute),
		wire.Op("AssociateAddress", s.associateAddress),
		wire.Op("DisassociateAddress", s.disassociateAddress),

		wire.Op("CreateVpcEndpoint", s.createVPCEndpoint),
		wire.Op("DeleteVpcEndpoints", s.deleteVPCEndpoints),
		wire.ReadOp("DescribeVpcEndpoints", s.describeVPCEndpoints),

		wire.Op("CreateNatGateway", s.createNATGateway),
		wire.Op("DeleteNatGateway", s.deleteNATGateway),
		wire.ReadOp("DescribeNatGateways", s.describeNATGateways),

		wire.Op("CreateRouteTable", s.createRouteTable),
		wire.Op("DeleteRouteTable", s.deleteRouteTable),
		wire.ReadOp("DescribeRouteTables", s.describeRouteTables),
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
		wire.ReadOp("DescribeSecurityGroups", s.describeSecurityGroups),
		wire.Op("AuthorizeSecurityGroupIngress", s.authorizeIngress),
		wire.Op("AuthorizeSecurityGroupEgress", s.authorizeEgress),
		wire.Op("RevokeSecurityGroupIngress", s.revokeIngress),
		wire.Op("RevokeSecurityGroupEgress", s.revokeEgress),
		wire.ReadOp("DescribeSecurityGroupRules", s.describeSecurityGroupRules),
		wire.Op("ModifySecurityGroupRules", s.modifySecurityGroupRules),
		wire.Op("UpdateSecurityGroupRuleDescriptionsIngress", s.describeIngressAs),
		wire.Op("UpdateSecurityGroupRuleDescriptionsEgress", s.describeEgressAs),

		wire.ReadOp("DescribeNetworkInterfaces", s.describeNetworkInterfaces),
		wire.Op("DetachNetworkInterface", s.detachNetworkInterface),
		wire.Op("DeleteNetworkInterface", s.deleteNetworkInterface),
	}
}

// instanceOperations are those of instances and what they start from.
func (s *Service) instanceOperations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateLaunchTemplate", s.createLaunchTemplate),
		wire.Op("DeleteLaunchTemplate", s.deleteLaunchTemplate),
		wire.ReadOp("DescribeLaunchTemplates", s.describeLaunchTemplates),
		wire.Op("ModifyLaunchTemplate", s.modifyLaunchTemplate),
		wire.Op("CreateLaunchTemplateVersion", s.createLaunchTemplateVersion),
		wire.Op("DeleteLaunchTemplateVersions", s.deleteLaunchTemplateVersions),
		wire.ReadOp("DescribeLaunchTemplateVersions", s.describeLaunchTemplateVersions),

		wire.Op("ImportKeyPair", s.importKeyPair),
		wire.Op("DeleteKeyPair", s.deleteKeyPair),
		wire.ReadOp("DescribeKeyPairs", s.describeKeyPairs),

		wire.ReadOp("DescribeImages", s.describeImages),
		wire.ReadOp("GetInstanceUefiData", s.getInstanceUEFIData),
		wire.ReadOp("DescribeInstanceTypes", s.describeInstanceTypes),
		wire.ReadOp("DescribeInstanceTypeOfferings", s.describeInstanceTypeOfferings),

		wire.ReadOp("DescribeInstances", s.describeInstances),
		wire.ReadOp("DescribeInstanceAttribute", s.describeInstanceAttribute),
		wire.ReadOp("DescribeInstanceStatus", s.describeInstanceStatus),
		wire.ReadOp("DescribeVolumes", s.describeVolumes),
		wire.Op("TerminateInstances", s.terminateInstances),
	}
}
