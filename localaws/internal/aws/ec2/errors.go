package ec2

import (
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/refusals"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// The refusals that more than one family uses; see
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html.

func missing(parameter string) error {
	return wire.Errorf("MissingParameter", "The request must contain the parameter %s", parameter)
}

func invalid(parameter, value, why string) error {
	return wire.Errorf("InvalidParameterValue", "Value (%s) for parameter %s is invalid. %s", value, parameter, why)
}

// refusal tells of a fault of the table in EC2's words.
func refusal(f refusals.Fault) error {
	if f.Absent {
		return missing(f.Member)
	}
	return invalid(f.Member, f.Value, "It must "+f.Demand+".")
}

func hasDependencies(kind, id string) error {
	return wire.Errorf("DependencyViolation", "The %s '%s' has dependencies and cannot be deleted.", kind, id)
}

// What is not there, by its id or name.
var (
	vpcNotFound             = notFound("InvalidVpcID.NotFound", "The vpc ID '%s' does not exist")
	subnetNotFound          = notFound("InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist")
	internetGatewayNotFound = notFound("InvalidInternetGatewayID.NotFound", "The internetGateway ID '%s' does not exist")
	natGatewayNotFound      = notFound("NatGatewayNotFound", "NAT gateway %s was not found")
	allocationNotFound      = notFound("InvalidAllocationID.NotFound", "The allocation ID '%s' does not exist")
	routeTableNotFound      = notFound("InvalidRouteTableID.NotFound", "The routeTable ID '%s' does not exist")
	associationNotFound     = notFound("InvalidAssociationID.NotFound", "The association ID '%s' does not exist")
	networkACLNotFound      = notFound("InvalidNetworkAclID.NotFound", "The networkAcl ID '%s' does not exist")
	groupNotFound           = notFound("InvalidGroup.NotFound", "The security group '%s' does not exist")
	vpcEndpointNotFound     = notFound("InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '%s' does not exist")
	ruleNotFound            = notFound("InvalidSecurityGroupRuleId.NotFound", "The security group rule ID '%s' does not exist")
	interfaceNotFound       = notFound("InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '%s' does not exist")
	instanceNotFound        = notFound("InvalidInstanceID.NotFound", "The instance ID '%s' does not exist")
	imageNotFound           = notFound("InvalidAMIID.NotFound", "The image id '[%s]' does not exist")
	keyPairNotFound         = notFound("InvalidKeyPair.NotFound", "The key pair '%s' does not exist")
	templateIDNotFound      = notFound("InvalidLaunchTemplateId.NotFound", "The specified launch template, with template ID %s, does not exist.")
	templateNameNotFound    = notFound("InvalidLaunchTemplateName.NotFoundException", "The specified launch template, with template name %s, does not exist.")
)

func notFound(code, format string) func(id string) error {
	return func(id string) error { return wire.Errorf(code, format, id) }
}
