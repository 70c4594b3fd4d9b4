package elbv2

import (
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// One function a refusal, with Elastic Load Balancing's own code and words,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/CommonErrors.html
// and the pages of the operations.

func invalid(format string, args ...any) *wire.Error {
	return wire.Errorf("ValidationError", format, args...)
}

func invalidConfiguration(format string, args ...any) *wire.Error {
	return wire.Errorf("InvalidConfigurationRequest", format, args...)
}

// notOneOf refuses a value outside its set.
func notOneOf(member, value string, set ...string) *wire.Error {
	return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must satisfy enum value set: [%s]",
		value, member, strings.Join(set, ", "))
}

// outOfRange refuses a number outside its range.
func outOfRange(member string, value, low, high int32) *wire.Error {
	if value < low {
		return invalid("1 validation error detected: Value '%d' at '%s' failed to satisfy constraint: Member must have value greater than or equal to %d",
			value, member, low)
	}
	return invalid("1 validation error detected: Value '%d' at '%s' failed to satisfy constraint: Member must have value less than or equal to %d",
		value, member, high)
}

func loadBalancersNotFound(names []string) *wire.Error {
	return wire.Errorf("LoadBalancerNotFound", "Load balancers '[%s]' not found", strings.Join(names, ", "))
}

func loadBalancerNotFound(arn string) *wire.Error {
	return wire.Errorf("LoadBalancerNotFound", "Load balancer '%s' not found", arn)
}

func targetGroupsNotFound(names []string) *wire.Error {
	return wire.Errorf("TargetGroupNotFound", "One or more target groups not found: '%s'", strings.Join(names, "', '"))
}

func listenersNotFound(arns ...string) *wire.Error {
	return wire.Errorf("ListenerNotFound", "One or more listeners not found: '%s'", strings.Join(arns, "', '"))
}

func rulesNotFound(arns ...string) *wire.Error {
	return wire.Errorf("RuleNotFound", "One or more rules not found: '%s'", strings.Join(arns, "', '"))
}

func duplicateLoadBalancer(name string) *wire.Error {
	return wire.Errorf("DuplicateLoadBalancerName", "A load balancer with the same name '%s' exists, but with different settings", name)
}

func duplicateTargetGroup(name string) *wire.Error {
	return wire.Errorf("DuplicateTargetGroupName", "A target group with the same name '%s' exists, but with different settings", name)
}

func duplicateListener() *wire.Error {
	return wire.Errorf("DuplicateListener", "A listener already exists on this port for this load balancer")
}

func priorityInUse(priority int32) *wire.Error {
	return wire.Errorf("PriorityInUse", "Priority '%d' is currently in use", priority)
}

func targetGroupInUse(arn string) *wire.Error {
	return wire.Errorf("ResourceInUse", "Target group '%s' is currently in use by a listener or a rule", arn)
}

func associationLimit(arn string) *wire.Error {
	return wire.Errorf("TargetGroupAssociationLimit",
		"The following target groups cannot be associated with more than one load balancer: %s", arn)
}

func incompatibleProtocols(groupARN string) *wire.Error {
	return wire.Errorf("IncompatibleProtocols",
		"The listener and its associated target group '%s' have incompatible protocols", groupARN)
}

// unsupportedVersion is the refusal of HTTP2 and GRPC groups behind listeners
// that do not speak HTTP/2 with clients.
func unsupportedVersion(listenerProtocol, version string) *wire.Error {
	return invalidConfiguration("Listener protocol '%s' is not supported with a target group with the protocol-version '%s'",
		listenerProtocol, version)
}

func certificateNotFound(arn string) *wire.Error {
	return wire.Errorf("CertificateNotFound", "Certificate '%s' not found", arn)
}

// certificateNotIssued is what AWS answers to a certificate that still waits
// for its validation.
func certificateNotIssued(arn string) *wire.Error {
	return wire.Errorf("UnsupportedCertificate",
		"The certificate '%s' must have a fully-qualified domain name, a supported signature, and a supported key size.", arn)
}

func sslPolicyNotFound(name string) *wire.Error {
	return wire.Errorf("SSLPolicyNotFound", "SSL policy '%s' not found", name)
}

func alpnPolicyNotFound(name string) *wire.Error {
	return wire.Errorf("ALPNPolicyNotFound", "The ALPN policy '%s' is not supported", name)
}

func listenerInUse(port int32, target string) *wire.Error {
	return wire.Errorf("ResourceInUse", "Listener port '%d' is in use by registered target '%s' and cannot be removed.", port, target)
}

func subnetNotFound(id string) *wire.Error {
	return wire.Errorf("SubnetNotFound", "The subnet ID '%s' does not exist", id)
}

func noInternetGateway(vpcID string) *wire.Error {
	return wire.Errorf("InvalidSubnet", "VPC %s has no internet gateway", vpcID)
}

func invalidSecurityGroup(id string) *wire.Error {
	return wire.Errorf("InvalidSecurityGroup", "One or more security groups are invalid: '%s'", id)
}

func invalidTarget(format string, args ...any) *wire.Error {
	return wire.Errorf("InvalidTarget", format, args...)
}

func deletionProtected(arn string) *wire.Error {
	return wire.Errorf("OperationNotPermitted",
		"Load balancer '%s' cannot be deleted because deletion protection is enabled", arn)
}

func bucketRefused(bucket string) *wire.Error {
	return invalidConfiguration("Access Denied for bucket: %s. Please check S3bucket permission", bucket)
}

func tooMany(code, format string, args ...any) *wire.Error {
	return wire.Errorf(code, format, args...)
}
