// Package autoscaling is EC2 Auto Scaling: groups that launch instances over
// their subnets, replace those that are gone or unhealthy, and refresh them
// when the launch template moved.
//
// The API writes what is wanted into the state; Run compares that with the
// instances there are and takes one step after the other.
package autoscaling

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
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

// Service is EC2 Auto Scaling of one account and region.
type Service struct {
	acct     *core.Account
	machines Machines
	targets  Targets
	state    state

	// dirty and again belong to the step that runs: whether it changed the
	// state, and when the next one is due.
	dirty bool
	again time.Time
}

// state is all that outlives the process.
type state struct {
	Groups   map[string]*group  // by name
	Policies map[string]*policy // by ARN
}

func newState() state {
	return state{Groups: map[string]*group{}, Policies: map[string]*policy{}}
}

// New returns the service. targets may be nil when no group has target groups.
func New(acct *core.Account, machines Machines, targets Targets) *Service {
	return &Service{acct: acct, machines: machines, targets: targets, state: newState()}
}

// Wire is the service's API,
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:      "autoscaling",
		Protocol:  wire.Query,
		Namespace: "http://autoscaling.amazonaws.com/doc/2011-01-01/",
		Operations: []wire.Operation{
			wire.Op("CreateAutoScalingGroup", s.createGroup),
			wire.ReadOp("DescribeAutoScalingGroups", s.describeGroups),
			wire.Op("UpdateAutoScalingGroup", s.updateGroup),
			wire.Op("DeleteAutoScalingGroup", s.deleteGroup),
			wire.Op("SetDesiredCapacity", s.setDesiredCapacity),

			wire.ReadOp("DescribeAutoScalingInstances", s.describeInstances),
			wire.Op("SetInstanceProtection", s.setInstanceProtection),
			wire.Op("SetInstanceHealth", s.setInstanceHealth),
			wire.Op("TerminateInstanceInAutoScalingGroup", s.terminateInstance),
			wire.ReadOp("DescribeScalingActivities", s.describeActivities),

			wire.Op("SuspendProcesses", s.suspendProcesses),
			wire.Op("ResumeProcesses", s.resumeProcesses),
			wire.Op("EnableMetricsCollection", s.enableMetrics),
			wire.Op("DisableMetricsCollection", s.disableMetrics),

			wire.Op("CreateOrUpdateTags", s.createOrUpdateTags),
			wire.Op("DeleteTags", s.deleteTags),
			wire.ReadOp("DescribeTags", s.describeTags),

			wire.Op("PutLifecycleHook", s.putLifecycleHook),
			wire.ReadOp("DescribeLifecycleHooks", s.describeLifecycleHooks),
			wire.Op("DeleteLifecycleHook", s.deleteLifecycleHook),
			wire.Op("CompleteLifecycleAction", s.completeLifecycleAction),
			wire.Op("RecordLifecycleActionHeartbeat", s.recordHeartbeat),

			wire.Op("AttachLoadBalancerTargetGroups", s.attachTargetGroups),
			wire.Op("DetachLoadBalancerTargetGroups", s.detachTargetGroups),
			wire.ReadOp("DescribeLoadBalancerTargetGroups", s.describeTargetGroups),
			wire.Op("AttachTrafficSources", s.attachTrafficSources),
			wire.Op("DetachTrafficSources", s.detachTrafficSources),
			wire.ReadOp("DescribeTrafficSources", s.describeTrafficSources),

			wire.Op("StartInstanceRefresh", s.startInstanceRefresh),
			wire.ReadOp("DescribeInstanceRefreshes", s.describeInstanceRefreshes),
			wire.Op("CancelInstanceRefresh", s.cancelInstanceRefresh),

			wire.Op("PutScalingPolicy", s.putScalingPolicy),
			wire.ReadOp("DescribePolicies", s.describePolicies),
			wire.Op("DeletePolicy", s.deletePolicy),
			wire.Op("ExecutePolicy", s.executePolicy),

			wire.Op("PutWarmPool", s.refuseWarmPool),
			wire.ReadOp("DescribeWarmPool", s.describeWarmPool),
			wire.Op("DeleteWarmPool", s.refuseWarmPool),
		},
	}
}

// Name is the service's key in a snapshot.
func (s *Service) Name() string { return "autoscaling" }

// Snapshot returns the state, for JSON.
func (s *Service) Snapshot() any { return s.state }

// Restore replaces the state.
func (s *Service) Restore(raw json.RawMessage) error {
	restored := newState()
	if err := json.Unmarshal(raw, &restored); err != nil {
		return fmt.Errorf("reading the state of autoscaling: %w", err)
	}
	s.state = restored
	return nil
}

// Resources is how many resources of each kind there are.
func (s *Service) Resources() map[string]int {
	return map[string]int{"group": len(s.state.Groups), "policy": len(s.state.Policies)}
}

// changed notes that the step changed the state.
func (s *Service) changed() { s.dirty = true }

// wake asks for the next step at t at the latest.
func (s *Service) wake(t time.Time) {
	if s.again.IsZero() || t.Before(s.again) {
		s.again = t
	}
}
