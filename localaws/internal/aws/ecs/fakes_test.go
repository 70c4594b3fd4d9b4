package ecs_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/autoscaling"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/cloudwatch"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
)

type machines map[string]ec2.Instance

func (m machines) Instance(id string) (ec2.Instance, bool) {
	i, ok := m[id]
	return i, ok
}

func (m machines) ids() []string {
	var ids []string
	for id := range m {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// groups are Auto Scaling groups by name.
type groups struct {
	all     map[string]*autoscaling.Group
	hooks   map[string]bool
	waiting map[string]bool // instances that wait for a hook
	tags    map[string]bool
}

func newGroups() *groups {
	return &groups{all: map[string]*autoscaling.Group{}, hooks: map[string]bool{}, waiting: map[string]bool{}, tags: map[string]bool{}}
}

func groupARN(name string) string {
	return "arn:aws:autoscaling:us-west-2:123456789012:autoScalingGroup:x:autoScalingGroupName/" + name
}

func (g *groups) make(name string, least, most, desired int, protected bool) {
	g.all[name] = &autoscaling.Group{Name: name, ARN: groupARN(name), Min: least, Max: most, Desired: desired, NewInstancesProtected: protected}
}

func (g *groups) add(name, id, zone string) {
	group := g.all[name]
	group.Instances = append(group.Instances, autoscaling.GroupInstance{
		ID: id, LifecycleState: "InService", HealthStatus: "Healthy", AvailabilityZone: zone, ProtectedFromScaleIn: group.NewInstancesProtected,
	})
}

func (g *groups) member(id string) *autoscaling.GroupInstance {
	for _, group := range g.all {
		for i := range group.Instances {
			if group.Instances[i].ID == id {
				return &group.Instances[i]
			}
		}
	}
	return nil
}

func (g *groups) Group(nameOrARN string) (autoscaling.Group, bool) {
	group := g.all[nameOrARN[strings.LastIndex(nameOrARN, "/")+1:]]
	if group == nil {
		return autoscaling.Group{}, false
	}
	view := *group
	view.Instances = slices.Clone(group.Instances)
	return view, true
}

func (g *groups) GroupOf(id string) (string, bool) {
	for name, group := range g.all {
		if slices.ContainsFunc(group.Instances, func(i autoscaling.GroupInstance) bool { return i.ID == id }) {
			return name, true
		}
	}
	return "", false
}

func (g *groups) SetDesired(name string, n int) error {
	g.all[name].Desired = n
	return nil
}

func (g *groups) SetProtection(_ string, ids []string, protected bool) error {
	for _, id := range ids {
		g.member(id).ProtectedFromScaleIn = protected
	}
	return nil
}

func (g *groups) AddTag(name, key, _ string) error {
	g.tags[name+"/"+key] = true
	return nil
}

func (g *groups) PutTerminationHook(name, hook string, _ time.Duration) error {
	g.hooks[name+"/"+hook] = true
	return nil
}

func (g *groups) DeleteHook(name, hook string) { delete(g.hooks, name+"/"+hook) }

func (g *groups) WaitingFor(name, _ string) []string {
	var ids []string
	for _, i := range g.all[name].Instances {
		if g.waiting[i.ID] {
			ids = append(ids, i.ID)
		}
	}
	return ids
}

func (g *groups) Complete(_, _, id string) {
	delete(g.waiting, id)
	g.member(id).LifecycleState = "Terminating:Proceed"
}

// elb are target groups; targets are healthy at once unless the test says
// otherwise, and drain until it says so.
type elb struct {
	groups  map[string]*elbv2.TargetGroup
	targets map[string]map[elbv2.Target]string // state by target group and target
	initial string                             // state of a new target
	order   []string                           // what happened
}

func newELB() *elb {
	return &elb{groups: map[string]*elbv2.TargetGroup{}, targets: map[string]map[elbv2.Target]string{}, initial: "healthy"}
}

// add makes a target group with a listener and returns its ARN.
func (e *elb) add(name string) string {
	arn := "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/" + name + "/0123456789abcdef"
	e.groups[arn] = &elbv2.TargetGroup{
		ARN: arn, Name: name, TargetType: "instance", Protocol: "HTTP", Port: 80, VPCID: "vpc-1",
		LoadBalancerARNs: []string{"arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer/app/main/1"},
	}
	e.targets[arn] = map[elbv2.Target]string{}
	return arn
}

func (e *elb) TargetGroup(arn string) (elbv2.TargetGroup, bool) {
	tg := e.groups[arn]
	if tg == nil {
		return elbv2.TargetGroup{}, false
	}
	return *tg, true
}

func (e *elb) Register(arn string, targets []elbv2.Target) error {
	for _, t := range targets {
		e.targets[arn][t] = e.initial
		e.order = append(e.order, fmt.Sprintf("register %d", t.Port))
	}
	return nil
}

func (e *elb) Deregister(arn string, targets []elbv2.Target) error {
	for _, t := range targets {
		if e.targets[arn][t] != "" {
			e.targets[arn][t] = "draining"
			e.order = append(e.order, fmt.Sprintf("deregister %d", t.Port))
		}
	}
	return nil
}

func (e *elb) Health(arn string, t elbv2.Target) (elbv2.Health, bool) {
	state := e.targets[arn][t]
	if state == "" {
		return elbv2.Health{}, false
	}
	if state == "unhealthy" {
		return elbv2.Health{State: state, Reason: "Target.FailedHealthChecks", Description: "Health checks failed"}, true
	}
	return elbv2.Health{State: state}, true
}

// set puts all targets of a group that are in one state into another; "" for
// to forgets them.
func (e *elb) set(arn, from, to string) {
	for t, state := range e.targets[arn] {
		switch {
		case state != from:
		case to == "":
			delete(e.targets[arn], t)
		default:
			e.targets[arn][t] = to
		}
	}
}

// drained ends the draining everywhere.
func (c *cloud) drained() {
	c.t.Helper()
	for arn := range c.elb.targets {
		c.elb.set(arn, "draining", "")
	}
	c.settle()
}

// count is how many targets of the group are in the state.
func (e *elb) count(arn, state string) int {
	n := 0
	for _, s := range e.targets[arn] {
		if s == state {
			n++
		}
	}
	return n
}

// roles says which roles ECS may not take on, and which actions no role may do.
type roles map[string]bool

func (r roles) CanAssume(arn, _ string) (bool, string) {
	return !r[arn], "the trust policy does not allow it"
}

func (r roles) Allows(_, action, _ string) (bool, string) { return !r[action], "no policy allows it" }

func (r roles) RoleARN(nameOrARN string) (string, bool) { return nameOrARN, true }

type point struct {
	metric     string
	dimensions map[string]string
	value      float64
}

// alarms are CloudWatch's by name.
type alarms map[string]cloudwatch.Alarm

func (a alarms) Alarm(name string) (cloudwatch.Alarm, bool) {
	found, ok := a[name]
	return found, ok
}

func (a alarms) set(name string, inAlarm bool) {
	a[name] = cloudwatch.Alarm{InAlarm: inAlarm, Window: 3 * time.Minute}
}

type metrics struct{ points []point }

func (m *metrics) Put(_, metric string, dimensions map[string]string, value float64, _ string) {
	m.points = append(m.points, point{metric, dimensions, value})
}

func (m *metrics) last(metric string) (float64, bool) {
	for _, p := range slices.Backward(m.points) {
		if p.metric == metric {
			return p.value, true
		}
	}
	return 0, false
}

type events struct{ names []string }

func (e *events) Emit(_, detailType string, _ []string, detail any) {
	raw, err := json.Marshal(detail)
	if err != nil {
		panic(err)
	}
	var read struct{ EventName, LastStatus string }
	_ = json.Unmarshal(raw, &read)
	e.names = append(e.names, detailType+": "+read.EventName+read.LastStatus)
}

func terminated(i ec2.Instance) ec2.Instance {
	i.State = "terminated"
	return i
}
