package ec2

import (
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

func hasDependencies(kind, id string) error {
	return wire.Errorf("DependencyViolation", "The %s '%s' has dependencies and cannot be deleted.", kind, id)
}

func vpcNotFound(id string) error {
	return wire.Errorf("InvalidVpcID.NotFound", "The vpc ID '%s' does not exist", id)
}

func subnetNotFound(id string) error {
	return wire.Errorf("InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist", id)
}

func internetGatewayNotFound(id string) error {
	return wire.Errorf("InvalidInternetGatewayID.NotFound", "The internetGateway ID '%s' does not exist", id)
}

func natGatewayNotFound(id string) error {
	return wire.Errorf("NatGatewayNotFound", "NAT gateway %s was not found", id)
}

func allocationNotFound(id string) error {
	return wire.Errorf("InvalidAllocationID.NotFound", "The allocation ID '%s' does not exist", id)
}

func routeTableNotFound(id string) error {
	return wire.Errorf("InvalidRouteTableID.NotFound", "The routeTable ID '%s' does not exist", id)
}

func associationNotFound(id string) error {
	return wire.Errorf("InvalidAssociationID.NotFound", "The association ID '%s' does not exist", id)
}

func networkACLNotFound(id string) error {
	return wire.Errorf("InvalidNetworkAclID.NotFound", "The networkAcl ID '%s' does not exist", id)
}

func groupNotFound(id string) error {
	return wire.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist", id)
}

func vpcEndpointNotFound(id string) error {
	return wire.Errorf("InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '%s' does not exist", id)
}

func ruleNotFound(id string) error {
	return wire.Errorf("InvalidSecurityGroupRuleId.NotFound", "The security group rule ID '%s' does not exist", id)
}

func interfaceNotFound(id string) error {
	return wire.Errorf("InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '%s' does not exist", id)
}

func instanceNotFound(id string) error {
	return wire.Errorf("InvalidInstanceID.NotFound", "The instance ID '%s' does not exist", id)
}

func imageNotFound(id string) error {
	return wire.Errorf("InvalidAMIID.NotFound", "The image id '[%s]' does not exist", id)
}

func keyPairNotFound(name string) error {
	return wire.Errorf("InvalidKeyPair.NotFound", "The key pair '%s' does not exist", name)
}

func templateIDNotFound(id string) error {
	return wire.Errorf("InvalidLaunchTemplateId.NotFound", "The specified launch template, with template ID %s, does not exist.", id)
}

func templateNameNotFound(name string) error {
	return wire.Errorf("InvalidLaunchTemplateName.NotFoundException", "The specified launch template, with template name %s, does not exist.", name)
}
