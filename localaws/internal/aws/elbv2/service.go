// Package elbv2 is the control plane of Elastic Load Balancing: Application
// and Network Load Balancers, listeners, rules, target groups and targets.
//
// It keeps what was asked for. Package dataplane, in the world, makes it
// real and reports here what its health checks find.
package elbv2

import (
	"context"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// How long things take on AWS.
const (
	provisioningTime = 2 * time.Minute
	registrationTime = 10 * time.Second
)

// Machines is the network that load balancers stand in; ec2.Service is one.
type Machines interface {
	CreateInterface(ec2.InterfaceSpec) (ec2.Interface, error)
	DeleteInterface(id string) error
	SetInterfaceGroups(id string, groups []string) error
	Interface(id string) (ec2.Interface, bool)
	Subnet(id string) (ec2.Subnet, bool)
	SecurityGroupVPC(id string) (vpcID string, ok bool)
	Instance(id string) (ec2.Instance, bool)
}

// Certificates are those that listeners may present; acm.Service has them.
type Certificates interface {
	Status(arn string) (status string, ok bool)
	Use(arn, byARN string)
	Unuse(arn, byARN string)
}

// Logs take access logs; s3.Service does.
type Logs interface {
	PutObject(bucket, key string, body []byte) error
	AllowsWrite(bucket, key, principal string) bool
}

// Service is Elastic Load Balancing. All methods but Run are called with the
// account's lock held.
type Service struct {
	account      *core.Account
	machines     Machines
	certificates Certificates
	logs         Logs

	// All are by ARN.
	loadBalancers *store.Collection[LoadBalancer]
	listeners     *store.Collection[Listener]
	rules         *store.Collection[Rule]
	targetGroups  *store.Collection[TargetGroup]
	tagSets       *store.Collection[tags.Set]
}

// New returns a Service without load balancers.
func New(a *core.Account, machines Machines, certificates Certificates, logs Logs) *Service {
	return &Service{
		account: a, machines: machines, certificates: certificates, logs: logs,
		loadBalancers: store.NewCollection[LoadBalancer](a.Records, "elbv2", "load balancers"),
		listeners:     store.NewCollection[Listener](a.Records, "elbv2", "listeners"),
		rules:         store.NewCollection[Rule](a.Records, "elbv2", "rules"),
		targetGroups:  store.NewCollection[TargetGroup](a.Records, "elbv2", "target groups"),
		tagSets:       store.NewCollection[tags.Set](a.Records, "elbv2", "tags"),
	}
}

// Resources counts what users made.
func (s *Service) Resources() map[string]int {
	return map[string]int{
		"load balancers": s.loadBalancers.Len(), "listeners": s.listeners.Len(),
		"rules": s.rules.Len(), "target groups": s.targetGroups.Len(),
	}
}

// Run takes forward what needs time, until ctx is done: load balancers become
// active, registrations are completed, drained targets leave.
func (s *Service) Run(ctx context.Context) {
	s.account.Reconcile(ctx, s.settle)
}

// Wire is the service's entry for the wire.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:      "elasticloadbalancing",
		Protocol:  wire.Query,
		Namespace: "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
		Operations: []wire.Operation{
			wire.Op("CreateLoadBalancer", s.createLoadBalancer),
			wire.ReadOp("DescribeLoadBalancers", s.describeLoadBalancers),
			wire.Op("DeleteLoadBalancer", s.deleteLoadBalancer),
			wire.ReadOp("DescribeLoadBalancerAttributes", s.describeLoadBalancerAttributes),
			wire.Op("ModifyLoadBalancerAttributes", s.modifyLoadBalancerAttributes),
			wire.Op("SetSubnets", s.setSubnets),
			wire.Op("SetSecurityGroups", s.setSecurityGroups),
			wire.Op("SetIpAddressType", s.setIPAddressType),
			wire.ReadOp("DescribeCapacityReservation", s.describeCapacityReservation),

			wire.Op("CreateListener", s.createListener),
			wire.ReadOp("DescribeListeners", s.describeListeners),
			wire.Op("ModifyListener", s.modifyListener),
			wire.Op("DeleteListener", s.deleteListener),
			wire.ReadOp("DescribeListenerAttributes", s.describeListenerAttributes),
			wire.Op("ModifyListenerAttributes", s.modifyListenerAttributes),
			wire.Op("AddListenerCertificates", s.addListenerCertificates),
			wire.ReadOp("DescribeListenerCertificates", s.describeListenerCertificates),
			wire.Op("RemoveListenerCertificates", s.removeListenerCertificates),

			wire.Op("CreateRule", s.createRule),
			wire.ReadOp("DescribeRules", s.describeRules),
			wire.Op("ModifyRule", s.modifyRule),
			wire.Op("SetRulePriorities", s.setRulePriorities),
			wire.Op("DeleteRule", s.deleteRule),

			wire.Op("CreateTargetGroup", s.createTargetGroup),
			wire.ReadOp("DescribeTargetGroups", s.describeTargetGroups),
			wire.Op("ModifyTargetGroup", s.modifyTargetGroup),
			wire.Op("DeleteTargetGroup", s.deleteTargetGroup),
			wire.ReadOp("DescribeTargetGroupAttributes", s.describeTargetGroupAttributes),
			wire.Op("ModifyTargetGroupAttributes", s.modifyTargetGroupAttributes),
			wire.Op("RegisterTargets", s.registerTargets),
			wire.Op("DeregisterTargets", s.deregisterTargets),
			wire.ReadOp("DescribeTargetHealth", s.describeTargetHealth),

			wire.Op("AddTags", s.addTags),
			wire.ReadOp("DescribeTags", s.describeTags),
			wire.Op("RemoveTags", s.removeTags),
		},
	}
}
