package test

import (
	"net/http"
	"regexp"
	"sync"

	"github.com/infrahouse/terraform-aws-ecs/test/localaws/wire"
)

// troubles are what AWS answers and localaws by itself does not.
type troubles struct {
	mu        sync.Mutex
	on        bool
	calls     int
	throttled int
	// unknown is how often a call is still refused because what it needs was
	// just made.
	unknown map[string]int
	// byKey are the services called, by the access key that signed.
	byKey map[string]map[string]bool
}

// throttleEvery is which of all calls are throttled.
const throttleEvery = 9

// refusals are those of eventual consistency: the call, what AWS says then.
var refusals = map[string]struct {
	times   int
	refusal *wire.Error
}{
	// The instance profile is a second old.
	"autoscaling:CreateAutoScalingGroup": {2, wire.Errorf("ValidationError",
		"You must use a valid fully-formed launch template. Value (ecs) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name")},
	// So is the service-linked role, in a new account.
	"ecs:CreateService": {2, wire.Errorf("InvalidParameterException",
		"Unable to assume the service linked role. Please verify that the ECS service linked role exists.")},
	"iam:GetRole":                            {2, wire.NotFoundf("NoSuchEntity", "The role cannot be found.")},
	"elasticloadbalancing:DescribeListeners": {1, wire.Errorf("ListenerNotFound", "One or more listeners not found")},
	"ec2:DescribeVpcs":                       {1, wire.Errorf("InvalidVpcID.NotFound", "The vpc ID does not exist")},
	"ec2:DescribeInternetGateways":           {1, wire.Errorf("InvalidInternetGatewayID.NotFound", "The internetGateway ID does not exist")},
	"ec2:DescribeSubnets":                    {1, wire.Errorf("InvalidSubnetID.NotFound", "The subnet ID does not exist")},
}

func newTroubles() *troubles {
	t := &troubles{unknown: map[string]int{}, byKey: map[string]map[string]bool{}}
	for call, refused := range refusals {
		t.unknown[call] = refused.times
	}
	return t
}

func (t *troubles) set(on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.on = on
}

// fault is asked before each call.
func (t *troubles) fault(service, operation string) *wire.Error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.on || service == "sts" {
		return nil
	}
	call := service + ":" + operation
	if t.unknown[call] > 0 {
		t.unknown[call]--
		return refusals[call].refusal
	}
	if t.calls++; t.calls%throttleEvery != 0 {
		return nil
	}
	t.throttled++
	switch service {
	case "ec2":
		return &wire.Error{Code: "RequestLimitExceeded", Message: "Request limit exceeded.", Status: http.StatusServiceUnavailable}
	case "s3":
		return &wire.Error{Code: "SlowDown", Message: "Please reduce your request rate.", Status: http.StatusServiceUnavailable}
	case "ecs", "logs", "events", "acm", "ssm", "application-autoscaling":
		return wire.Errorf("ThrottlingException", "Rate exceeded")
	}
	return wire.Errorf("Throttling", "Rate exceeded")
}

// signedBy finds the access key and the service in a signature.
var signedBy = regexp.MustCompile(`Credential=([^/]+)/\d+/[^/]+/([^/]+)/`)

// note remembers who signed a request, for which service.
func (t *troubles) note(r *http.Request) {
	match := signedBy.FindStringSubmatch(r.Header.Get("Authorization"))
	if match == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	key, service := match[1], match[2]
	if t.byKey[key] == nil {
		t.byKey[key] = map[string]bool{}
	}
	t.byKey[key][service] = true
}
