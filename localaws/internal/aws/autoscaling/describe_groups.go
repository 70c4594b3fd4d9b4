package autoscaling

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
)

type filter struct {
	Name   string
	Values []string
}

type describeGroupsInput struct {
	AutoScalingGroupNames []string
	Filters               []filter
	IncludeInstances      *bool
	pageInput
}

type describeGroupsOutput struct {
	AutoScalingGroups []groupView
	NextToken         string
}

func (s groups) describeGroups(_ context.Context, in *describeGroupsInput) (*describeGroupsOutput, error) {
	var found []*group
	for name, g := range s.state.Groups.All() {
		if len(in.AutoScalingGroupNames) > 0 && !slices.Contains(in.AutoScalingGroupNames, name) {
			continue
		}
		matched, err := g.matches(in.Filters)
		if err != nil {
			return nil, err
		}
		if matched {
			found = append(found, g)
		}
	}
	page, next, err := paging.Cut(limits(50, 100), found, func(g *group) string { return g.Name }, in.MaxRecords, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &describeGroupsOutput{AutoScalingGroups: []groupView{}, NextToken: next}
	for _, g := range page {
		v := s.view(g)
		if in.IncludeInstances != nil && !*in.IncludeInstances {
			v.Instances = []instanceView{}
		}
		out.AutoScalingGroups = append(out.AutoScalingGroups, v)
	}
	return out, nil
}

// matches reports whether the group has a tag for each filter: tag-key,
// tag-value or tag:<key>.
func (g *group) matches(filters []filter) (bool, error) {
	for _, f := range filters {
		key, isTag := strings.CutPrefix(f.Name, "tag:")
		if !isTag && f.Name != "tag-key" && f.Name != "tag-value" {
			return false, invalid("Filter name %q is not valid: localaws has tag-key, tag-value and tag:<key>", f.Name)
		}
		found := false
		for k, t := range g.Tags {
			switch {
			case isTag:
				found = found || (k == key && slices.Contains(f.Values, t.Value))
			case f.Name == "tag-key":
				found = found || slices.Contains(f.Values, k)
			default:
				found = found || slices.Contains(f.Values, t.Value)
			}
		}
		if !found {
			return false, nil
		}
	}
	return true, nil
}

// groupView is a group in an answer.
type groupView struct {
	AutoScalingGroupName             string
	AutoScalingGroupARN              string
	LaunchTemplate                   *templateSpec
	MixedInstancesPolicy             *mixedInstances
	MinSize                          int
	MaxSize                          int
	DesiredCapacity                  int
	DefaultCooldown                  int
	DefaultInstanceWarmup            *int
	AvailabilityZones                []string
	LoadBalancerNames                []string
	TargetGroupARNs                  []string
	TrafficSources                   []trafficSource
	HealthCheckType                  string
	HealthCheckGracePeriod           int
	Instances                        []instanceView
	CreatedTime                      time.Time
	SuspendedProcesses               []suspendedProcess
	VPCZoneIdentifier                string
	EnabledMetrics                   []enabledMetric
	Status                           string
	Tags                             []tagView
	TerminationPolicies              []string
	NewInstancesProtectedFromScaleIn bool
	ServiceLinkedRoleARN             string
	InstanceMaintenancePolicy        *maintenancePolicy
	AvailabilityZoneDistribution     *zoneDistribution
	MaxInstanceLifetime              *int
}

type suspendedProcess struct{ ProcessName, SuspensionReason string }

func (s groups) view(g *group) groupView {
	v := groupView{
		AutoScalingGroupName: g.Name, AutoScalingGroupARN: g.ARN,
		LaunchTemplate: g.LaunchTemplate, MixedInstancesPolicy: g.MixedInstances,
		MinSize: g.Min, MaxSize: g.Max, DesiredCapacity: g.Desired,
		DefaultCooldown: g.Cooldown, DefaultInstanceWarmup: g.Warmup,
		AvailabilityZones: g.Zones, LoadBalancerNames: []string{}, TargetGroupARNs: list(g.TargetGroupARNs),
		TrafficSources:  []trafficSource{},
		HealthCheckType: g.HealthCheckType, HealthCheckGracePeriod: g.GracePeriod,
		Instances: []instanceView{}, CreatedTime: g.CreatedAt,
		SuspendedProcesses: []suspendedProcess{},
		VPCZoneIdentifier:  strings.Join(g.Subnets, ","), EnabledMetrics: []enabledMetric{},
		Tags: g.tagViews(), TerminationPolicies: g.TerminationPolicies,
		NewInstancesProtectedFromScaleIn: g.ProtectNew, ServiceLinkedRoleARN: g.ServiceLinkedRoleARN,
		InstanceMaintenancePolicy: g.MaintenancePolicy, AvailabilityZoneDistribution: g.ZoneDistribution,
	}
	if g.MaxLifetime != 0 {
		v.MaxInstanceLifetime = &g.MaxLifetime
	}
	if g.Deleting {
		v.Status = "Delete in progress"
	}
	for _, arn := range g.TargetGroupARNs {
		v.TrafficSources = append(v.TrafficSources, trafficSource{Identifier: arn, Type: "elbv2"})
	}
	for _, i := range s.instances(g) {
		v.Instances = append(v.Instances, i.view())
	}
	for _, metric := range g.Metrics {
		v.EnabledMetrics = append(v.EnabledMetrics, enabledMetric{metric, granularity})
	}
	for _, process := range g.Suspended {
		v.SuspendedProcesses = append(v.SuspendedProcesses, suspendedProcess{process, "User suspended at " + stamp(g.CreatedAt)})
	}
	return v
}

func list(values []string) []string {
	if values == nil {
		return []string{}
	}
	return values
}
