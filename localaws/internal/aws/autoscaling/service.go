// Package autoscaling is EC2 Auto Scaling: groups that launch instances over
// their subnets, replace those that are gone or unhealthy, and refresh them
// when the launch template moved.
//
// The API records the desired state; Run compares it with the running
// instances and takes one step after the other.
package autoscaling

import (
	"context"
	_ "embed"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/cloudwatch"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/refusals"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Machines is what groups need of EC2. All methods are called with the
// account's lock held.
type Machines interface {
	Launch(ec2.LaunchSpec) (ec2.Instance, error)
	Terminate(id string) error
	Instance(id string) (ec2.Instance, bool)
	ResolveTemplate(id, name, version string) (ec2.Template, error)
	Subnet(id string) (ec2.Subnet, bool)
}

// Targets is what groups with target groups need of Elastic Load Balancing.
type Targets interface {
	TargetGroup(arn string) (elbv2.TargetGroup, bool)
	Register(targetGroupARN string, targets []elbv2.Target) error
	Deregister(targetGroupARN string, targets []elbv2.Target) error
	Health(targetGroupARN string, target elbv2.Target) (elbv2.Health, bool)
}

// Service is EC2 Auto Scaling of one account and region. Its methods are called
// with the account's lock held, except Run.
type Service struct{ *region }

// Alarms is where target tracking policies have their alarms.
type Alarms interface {
	PutTracking(policy cloudwatch.Tracking)
	DropTracking(policyARN string)
	TrackingAlarms(policyARN string) []cloudwatch.TrackingAlarm
}

// New returns the service. targets may be nil when no group has target groups.
func New(acct *core.Account, machines Machines, targets Targets, alarms Alarms) *Service {
	return &Service{&region{acct: acct, machines: machines, targets: targets, alarms: alarms, state: newState(acct.Records)}}
}

//go:embed refusals.md
var refusalsText string

// Refusals are what AWS refuses of requests.
var Refusals = refusals.MustParse(refusalsText)

// Wire is the service's API,
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/.
func (s *Service) Wire() wire.Service {
	g, m, h := groups{s.region}, members{s.region}, hooks{s.region}
	a, r, p := attachments{s.region}, refreshes{s.region}, policies{s.region}
	return wire.Service{
		Name:      serviceName,
		Protocol:  wire.Query,
		Namespace: "http://autoscaling.amazonaws.com/doc/2011-01-01/",
		Check:     Refusals.Refuse("ValidationError"),
		Operations: []wire.Operation{
			wire.Op("CreateAutoScalingGroup", g.createGroup),
			wire.ReadOp("DescribeAutoScalingGroups", g.describeGroups),
			wire.Op("UpdateAutoScalingGroup", g.updateGroup),
			wire.Op("DeleteAutoScalingGroup", g.deleteGroup),

			wire.Op("SetInstanceProtection", m.setInstanceProtection),
			wire.ReadOp("DescribeScalingActivities", m.describeActivities),

			wire.Op("SuspendProcesses", g.suspendProcesses),
			wire.Op("ResumeProcesses", g.resumeProcesses),
			wire.Op("EnableMetricsCollection", g.enableMetrics),
			wire.Op("DisableMetricsCollection", g.disableMetrics),

			wire.Op("CreateOrUpdateTags", g.createOrUpdateTags),
			wire.Op("DeleteTags", g.deleteTags),

			wire.Op("PutLifecycleHook", h.putLifecycleHook),
			wire.ReadOp("DescribeLifecycleHooks", h.describeLifecycleHooks),
			wire.Op("DeleteLifecycleHook", h.deleteLifecycleHook),

			wire.Op("AttachLoadBalancerTargetGroups", a.attachTargetGroups),
			wire.Op("DetachLoadBalancerTargetGroups", a.detachTargetGroups),
			wire.ReadOp("DescribeLoadBalancerTargetGroups", a.describeTargetGroups),

			wire.Op("StartInstanceRefresh", r.startInstanceRefresh),
			wire.ReadOp("DescribeInstanceRefreshes", r.describeInstanceRefreshes),
			wire.Op("CancelInstanceRefresh", r.cancelInstanceRefresh),

			wire.Op("PutScalingPolicy", p.putScalingPolicy),
			wire.ReadOp("DescribePolicies", p.describePolicies),
			wire.Op("DeletePolicy", p.deletePolicy),

			wire.ReadOp("DescribeWarmPool", g.describeWarmPool),
		},
	}
}

// Resources is how many resources of each kind there are.
func (s *Service) Resources() map[string]int {
	return map[string]int{"group": s.state.Groups.Len(), "policy": s.state.Policies.Len()}
}

// Run keeps all groups as they are wanted until ctx is done.
func (s *Service) Run(ctx context.Context) {
	s.acct.Reconcile(ctx, func() time.Time { return newReconciler(s.region).step() })
}
