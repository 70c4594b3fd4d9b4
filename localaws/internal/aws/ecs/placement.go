package ecs

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// demand is what a task needs of an instance.
type demand struct {
	cpu, memory, gpus int
	ports             []string // fixed host ports, such as "80/tcp"
	architecture      string   // "" for any
	mode              types.NetworkMode
}

// demandOf sums up a definition: the task's size if it has one, else the
// containers'; memory is what is reserved, or else the limit.
func demandOf(d *types.TaskDefinition, o *types.TaskOverride) demand {
	n := demand{mode: d.NetworkMode}
	for _, c := range d.ContainerDefinitions {
		n.cpu += int(c.Cpu)
		if c.MemoryReservation != nil {
			n.memory += int(*c.MemoryReservation)
		} else {
			n.memory += int(aws.ToInt32(c.Memory))
		}
		for _, r := range c.ResourceRequirements {
			n.gpus += gpusOf(r)
		}
		for _, m := range c.PortMappings {
			if port := aws.ToInt32(m.HostPort); port != 0 {
				n.ports = append(n.ports, fmt.Sprintf("%d/%s", port, m.Protocol))
			}
		}
	}
	cpu, memory := aws.ToString(d.Cpu), aws.ToString(d.Memory)
	if o != nil && o.Cpu != nil {
		cpu = *o.Cpu
	}
	if o != nil && o.Memory != nil {
		memory = *o.Memory
	}
	if units, err := cpuUnits(cpu); err == nil && units > 0 {
		n.cpu = units
	}
	if mib, err := memoryMiB(memory); err == nil && mib > 0 {
		n.memory = mib
	}
	if p := d.RuntimePlatform; p != nil {
		n.architecture = strings.ToLower(string(p.CpuArchitecture))
	}
	return n
}

// gpusOf is how many GPUs a requirement is about.
func gpusOf(r types.ResourceRequirement) int {
	gpus := 0
	if r.Type == types.ResourceTypeGpu {
		_, _ = fmt.Sscan(aws.ToString(r.Value), &gpus) // validated as far as it matters: 0 asks for none
	}
	return gpus
}

// holdGPUs gives each container of a task the GPUs that it asks for, out of
// those that are free.
func (t *task) holdGPUs(d *types.TaskDefinition, free []string) {
	for i := range d.ContainerDefinitions {
		c := &d.ContainerDefinitions[i]
		for _, r := range c.ResourceRequirements {
			n := min(gpusOf(r), len(free))
			if n == 0 {
				continue
			}
			if t.GPUs == nil {
				t.GPUs = map[string][]string{}
			}
			name := aws.ToString(c.Name)
			t.GPUs[name], free = append(t.GPUs[name], free[:n]...), free[n:]
		}
	}
}

// resources are what an instance has, or has left.
type resources struct {
	cpu, memory int
	gpus        []string
	ports       map[string]bool // in use
}

// reservedPorts are taken on every instance: SSH, Docker, the agent.
var reservedPorts = []string{"22/tcp", "2375/tcp", "2376/tcp", "51678/tcp", "51679/tcp"}

// remaining is what the instance's tasks leave.
func (s *Service) remaining(i *containerInstance) resources {
	left := resources{
		cpu: i.Registration.CPUUnits, memory: i.Registration.MemoryMiB,
		gpus: slices.Clone(i.Registration.GPUs), ports: map[string]bool{},
	}
	for _, port := range reservedPorts {
		left.ports[port] = true
	}
	for _, t := range s.state.Tasks {
		if t.Instance != i.ARN || t.LastStatus == stopped {
			continue
		}
		d := s.state.Definitions[t.Definition]
		if d == nil {
			continue
		}
		n := demandOf(&d.Definition, t.Overrides)
		left.cpu -= n.cpu
		left.memory -= n.memory
		for _, held := range t.GPUs {
			left.gpus = slices.DeleteFunc(left.gpus, func(id string) bool { return slices.Contains(held, id) })
		}
		for _, port := range n.ports {
			left.ports[port] = true
		}
		for _, c := range t.Containers {
			for _, b := range c.Bindings {
				left.ports[fmt.Sprintf("%d/%s", aws.ToInt32(b.HostPort), b.Protocol)] = true
			}
		}
	}
	return left
}

// misfit is why a task can't be placed on an instance.
type misfit struct {
	instance string // id
	words    string // as in the service's event
	reason   string // as in RunTask's failures
}

// fit tells why the demand does not fit what is left; "" if it does.
func (n demand) fit(left resources, i *containerInstance) (words, reason string) {
	switch {
	case !i.Connected:
		return "encountered error \"AGENT\"", "AGENT"
	case n.architecture != "" && n.architecture != i.Attributes[attributeArchitecture]:
		return "is missing an attribute required by your task", "ATTRIBUTE"
	case n.cpu > left.cpu:
		return "has insufficient CPU units available", "RESOURCE:CPU"
	case n.memory > left.memory:
		return "has insufficient memory available", "RESOURCE:MEMORY"
	case n.gpus > len(left.gpus):
		return "has insufficient GPU resource available", "RESOURCE:GPU"
	}
	for _, port := range n.ports {
		if left.ports[port] {
			return "is already using a port required by your task", "RESOURCE:PORTS"
		}
	}
	return "", ""
}

// request is a task that looks for an instance.
type request struct {
	cluster     string
	provider    string // "" for any instance
	definition  *taskDefinition
	overrides   *types.TaskOverride
	constraints []types.PlacementConstraint
	strategies  []types.PlacementStrategy
	group       string
	self        string // the task's own ARN, not counted
}

// place chooses the instance, or tells why there is none.
func (s *Service) place(r request) (*containerInstance, misfit) {
	n := demandOf(&r.definition.Definition, r.overrides)
	closest := misfit{}
	var fitting []*containerInstance
	for _, i := range s.instances(r.cluster) {
		if i.Status != active || (r.provider != "" && s.providerOf(i) != r.provider) {
			continue
		}
		words, reason := s.constrained(r, i)
		if words == "" {
			words, reason = n.fit(s.remaining(i), i)
		}
		if words == "" {
			fitting = append(fitting, i)
		} else {
			closest = misfit{instance: i.ID, words: words, reason: reason}
		}
	}
	if len(fitting) == 0 {
		return nil, closest
	}
	return s.choose(r, n, fitting), misfit{}
}

// constrained checks the placement constraints of request and definition.
func (s *Service) constrained(r request, i *containerInstance) (words, reason string) {
	for _, c := range r.constraints {
		switch c.Type {
		case types.PlacementConstraintTypeDistinctInstance:
			for _, t := range s.state.Tasks {
				if t.Instance == i.ARN && t.Group == r.group && t.LastStatus != stopped && t.ARN != r.self {
					return "encountered error \"DistinctInstance placement constraint unsatisfied\"", "DISTINCT_INSTANCE"
				}
			}
		case types.PlacementConstraintTypeMemberOf:
			if !s.member(i, aws.ToString(c.Expression)) {
				return "encountered error \"MemberOf placement constraint unsatisfied.\"", "MemberOf placement constraint unsatisfied."
			}
		}
	}
	for _, c := range r.definition.Definition.PlacementConstraints {
		if !s.member(i, aws.ToString(c.Expression)) {
			return "encountered error \"MemberOf placement constraint unsatisfied.\"", "MemberOf placement constraint unsatisfied."
		}
	}
	return "", ""
}

// choose applies the strategies one after the other, each to what the one
// before left; without any, tasks spread over zones,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-placement-strategies.html.
func (s *Service) choose(r request, n demand, candidates []*containerInstance) *containerInstance {
	strategies := r.strategies
	if len(strategies) == 0 {
		strategies = []types.PlacementStrategy{{Type: types.PlacementStrategyTypeSpread, Field: aws.String("attribute:" + attributeZone)}}
	}
	// The last word has the number of the group's tasks, so that spreading
	// by zone does not pile up on one instance.
	strategies = append(slices.Clone(strategies), types.PlacementStrategy{Type: types.PlacementStrategyTypeSpread, Field: aws.String("instanceId")})
	for _, strategy := range strategies {
		if strategy.Type == types.PlacementStrategyTypeRandom {
			continue // any is as random as another
		}
		candidates = lowest(candidates, func(i *containerInstance) int {
			if strategy.Type == types.PlacementStrategyTypeBinpack {
				left := s.remaining(i)
				if strings.EqualFold(aws.ToString(strategy.Field), "cpu") {
					return left.cpu - n.cpu
				}
				return left.memory - n.memory
			}
			return s.tasksBeside(r, i, aws.ToString(strategy.Field))
		})
	}
	return candidates[0]
}

// lowest keeps the candidates with the lowest score.
func lowest(candidates []*containerInstance, score func(*containerInstance) int) []*containerInstance {
	var best []*containerInstance
	bestScore := 0
	for _, i := range candidates {
		n := score(i)
		if len(best) == 0 || n < bestScore {
			best, bestScore = nil, n
		}
		if n == bestScore {
			best = append(best, i)
		}
	}
	return best
}

// tasksBeside counts the group's tasks on instances with the same value of the
// field.
func (s *Service) tasksBeside(r request, i *containerInstance, field string) int {
	value := fieldOf(i, field)
	n := 0
	for _, t := range s.state.Tasks {
		other := s.state.Instances[t.Instance]
		if other != nil && t.live() && t.Failing == "" && t.Group == r.group && t.ARN != r.self && fieldOf(other, field) == value {
			n++
		}
	}
	return n
}

// fieldOf is an instance's value of a spread strategy's field.
func fieldOf(i *containerInstance, field string) string {
	if name, isAttribute := strings.CutPrefix(field, "attribute:"); isAttribute {
		return i.Attributes[name]
	}
	return i.EC2ID // instanceId and host
}

func checkPlacement(p *types.PlacementStrategy) error {
	field := aws.ToString(p.Field)
	switch p.Type {
	case types.PlacementStrategyTypeRandom:
		return nil
	case types.PlacementStrategyTypeBinpack:
		if !strings.EqualFold(field, "cpu") && !strings.EqualFold(field, "memory") {
			return invalid("Invalid field %q for placement strategy binpack: cpu or memory.", field)
		}
		return nil
	case types.PlacementStrategyTypeSpread:
		if field != "instanceId" && field != "host" && !strings.HasPrefix(field, "attribute:") {
			return invalid("Invalid field %q for placement strategy spread: instanceId, host or attribute:<name>.", field)
		}
		return nil
	}
	return invalid("Invalid placement strategy %q: spread, binpack or random.", p.Type)
}

func (s *Service) request(svc *service, t *task) request {
	r := request{
		cluster: t.Cluster, provider: t.Provider, definition: s.state.Definitions[t.Definition],
		overrides: t.Overrides, group: t.Group, self: t.ARN, constraints: t.Constraints, strategies: t.Placement,
	}
	if svc != nil {
		r.constraints, r.strategies = svc.Constraints, svc.Placement
	}
	return r
}
