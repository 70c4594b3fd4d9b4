package test

import (
	"net/http"
	"regexp"
	"sync"

	"github.com/infrahouse/terraform-aws-ecs/localaws/client"
)

// throttleEvery is which of a service's calls are throttled.
const throttleEvery = 9

// refusals are those of eventual consistency: a call is refused a few times
// because what it needs was just made.
var refusals = []client.Fault{
	// The instance profile is a second old.
	{
		Services: []string{"autoscaling"}, Operation: "CreateAutoScalingGroup", Times: 2, Code: "ValidationError",
		Message: "You must use a valid fully-formed launch template. Value (ecs) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name",
	},
	// So is the service-linked role, in a new account.
	{
		Services: []string{"ecs"}, Operation: "CreateService", Times: 2, Code: "InvalidParameterException",
		Message: "Unable to assume the service linked role. Please verify that the ECS service linked role exists.",
	},
	{
		Services: []string{"iam"}, Operation: "GetRole", Times: 2, Code: "NoSuchEntity",
		Message: "The role cannot be found.", Status: http.StatusNotFound,
	},
	{
		Services: []string{"elasticloadbalancing"}, Operation: "DescribeListeners", Times: 1, Code: "ListenerNotFound",
		Message: "One or more listeners not found",
	},
	{
		Services: []string{"ec2"}, Operation: "DescribeVpcs", Times: 1, Code: "InvalidVpcID.NotFound",
		Message: "The vpc ID does not exist",
	},
	{
		Services: []string{"ec2"}, Operation: "DescribeInternetGateways", Times: 1, Code: "InvalidInternetGatewayID.NotFound",
		Message: "The internetGateway ID does not exist",
	},
	{
		Services: []string{"ec2"}, Operation: "DescribeSubnets", Times: 1, Code: "InvalidSubnetID.NotFound",
		Message: "The subnet ID does not exist",
	},
}

// throttling has each service's own words for it. STS is left alone: a run
// that can't assume its role ends there.
var throttling = []client.Fault{
	{
		Services: []string{"ec2"}, Every: throttleEvery, Code: "RequestLimitExceeded",
		Message: "Request limit exceeded.", Status: http.StatusServiceUnavailable,
	},
	{
		Services: []string{"s3"}, Every: throttleEvery, Code: "SlowDown",
		Message: "Please reduce your request rate.", Status: http.StatusServiceUnavailable,
	},
	{
		Services: []string{"ecs", "logs", "events", "acm", "ssm", "application-autoscaling"}, Every: throttleEvery,
		Code: "ThrottlingException", Message: "Rate exceeded",
	},
	{
		Services: []string{"autoscaling", "elasticloadbalancing", "iam", "monitoring", "route53", "sns"}, Every: throttleEvery,
		Code: "Throttling", Message: "Rate exceeded",
	},
}

// callers remembers which services were called, by the access key that signed.
type callers struct {
	mu       sync.Mutex
	services map[string]map[string]bool
}

// signedBy finds the access key and the service in a signature.
var signedBy = regexp.MustCompile(`Credential=([^/]+)/\d+/[^/]+/([^/]+)/`)

// note remembers who signed a request, for which service.
func (c *callers) note(r *http.Request) {
	match := signedBy.FindStringSubmatch(r.Header.Get("Authorization"))
	if match == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key, service := match[1], match[2]
	if c.services == nil {
		c.services = map[string]map[string]bool{}
	}
	if c.services[key] == nil {
		c.services[key] = map[string]bool{}
	}
	c.services[key][service] = true
}
