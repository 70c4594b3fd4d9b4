package schedule

import (
	"maps"
	"slices"
	"strings"
)

// Placer chooses instances for tasks, and keeps account of what they leave.
type Placer struct{ hosts []*host }

// host is an instance with the tasks on it.
type host struct {
	Instance
	tasks []*Task
}

// NewPlacer returns the placer of a cluster's instances, the oldest first, and
// of its tasks that have not stopped.
func NewPlacer(instances []Instance, tasks []Task) *Placer {
	pointers := make([]*Task, len(tasks))
	for i := range tasks {
		pointers[i] = &tasks[i]
	}
	return newPlacer(instances, pointers)
}

func newPlacer(instances []Instance, tasks []*Task) *Placer {
	p := &Placer{}
	byID := map[string]*host{}
	for _, i := range instances {
		h := &host{Instance: i}
		h.Free.GPUs, h.Free.Ports = slices.Clone(i.Free.GPUs), maps.Clone(i.Free.Ports)
		p.hosts = append(p.hosts, h)
		byID[i.ID] = h
	}
	for _, t := range tasks {
		if h := byID[t.Instance]; h != nil {
			h.tasks = append(h.tasks, t)
		}
	}
	return p
}

// Misfit is why a task can't be placed: the closest instance and what it lacks.
// The zero Misfit says that there is no instance at all.
type Misfit struct {
	Instance string // id
	Lacks    string // as a service's event says it
	Reason   string // as a failure of RunTask says it
}

// Place chooses the instance of a new task and takes what the task needs, or
// returns why there is none.
func (p *Placer) Place(w Work) (instance string, why Misfit) {
	h, why := p.find(w)
	if h == nil {
		return "", why
	}
	h.take(&Task{Work: w, Status: Pending})
	return h.ID, Misfit{}
}

// PlaceOn takes what a new task needs on the instance that was given, or
// returns why it can't; constraints and strategies do not count there.
func (p *Placer) PlaceOn(instance string, w Work) (why Misfit, ok bool) {
	h := p.host(instance)
	if why := h.fit(w.Demand); why.Lacks != "" {
		return why, false
	}
	h.take(&Task{Work: w, Status: Pending})
	return Misfit{}, true
}

func (p *Placer) host(id string) *host {
	at := slices.IndexFunc(p.hosts, func(h *host) bool { return h.ID == id })
	if at < 0 {
		return nil
	}
	return p.hosts[at]
}

// take places a task: what it needs is no longer free.
func (h *host) take(t *Task) {
	t.Instance, t.Status = h.ID, Pending
	d := t.Work.Demand
	h.Free.CPU -= d.CPU
	h.Free.MemoryMiB -= d.MemoryMiB
	h.Free.GPUs = h.Free.GPUs[d.GPUs:]
	for _, port := range d.Ports {
		h.Free.Ports[port] = true
	}
	h.tasks = append(h.tasks, t)
}

// find chooses the instance for a task.
func (p *Placer) find(w Work) (*host, Misfit) {
	r := rulesOf(w.Constraints)
	closest := Misfit{}
	var fitting []*host
	for _, h := range p.hosts {
		if !h.Active || (w.Provider != "" && h.Provider != w.Provider) {
			continue
		}
		why := r.check(h, w.Group)
		if why.Lacks == "" {
			why = h.fit(w.Demand)
		}
		if why.Lacks == "" {
			fitting = append(fitting, h)
		} else {
			closest = why
		}
	}
	if len(fitting) == 0 {
		return nil, closest
	}
	return p.choose(w, fitting), Misfit{}
}

func (h *host) misfit(lacks, reason string) Misfit {
	return Misfit{Instance: h.ID, Lacks: lacks, Reason: reason}
}

// fit returns what the instance lacks for the demand, the zero Misfit if
// nothing.
func (h *host) fit(d Demand) Misfit {
	switch {
	case !h.Connected:
		return h.misfit("encountered error \"AGENT\"", "AGENT")
	case !d.runsOn(&h.Instance):
		return h.misfit("is missing an attribute required by your task", "ATTRIBUTE")
	case d.CPU > h.Free.CPU:
		return h.misfit("has insufficient CPU units available", "RESOURCE:CPU")
	case d.MemoryMiB > h.Free.MemoryMiB:
		return h.misfit("has insufficient memory available", "RESOURCE:MEMORY")
	case d.GPUs > len(h.Free.GPUs):
		return h.misfit("has insufficient GPU resource available", "RESOURCE:GPU")
	case slices.ContainsFunc(d.Ports, func(port string) bool { return h.Free.Ports[port] }):
		return h.misfit("is already using a port required by your task", "RESOURCE:PORTS")
	}
	return Misfit{}
}

func (d Demand) runsOn(i *Instance) bool {
	return d.Architecture == "" || d.Architecture == i.Attributes[AttributeArchitecture]
}

// rules are placement constraints, parsed.
type rules struct {
	distinct bool
	members  []Expression
}

func rulesOf(constraints []Constraint) rules {
	var r rules
	for _, c := range constraints {
		if c.Distinct {
			r.distinct = true
			continue
		}
		matches, err := ParseExpression(c.Expression)
		if err != nil { // never: the request that brought it was refused
			matches = func(*Instance) bool { return false }
		}
		r.members = append(r.members, matches)
	}
	return r
}

func (r rules) check(h *host, group string) Misfit {
	if r.distinct && slices.ContainsFunc(h.tasks, func(t *Task) bool { return t.Work.Group == group }) {
		return h.misfit("encountered error \"DistinctInstance placement constraint unsatisfied\"", "DISTINCT_INSTANCE")
	}
	if !r.member(&h.Instance) {
		return h.misfit("encountered error \"MemberOf placement constraint unsatisfied.\"", "MemberOf placement constraint unsatisfied.")
	}
	return Misfit{}
}

func (r rules) member(i *Instance) bool {
	return !slices.ContainsFunc(r.members, func(matches Expression) bool { return !matches(i) })
}

// choose applies the strategies one after the other, each to what the one
// before left; without any, tasks spread over zones,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-placement-strategies.html.
func (p *Placer) choose(w Work, candidates []*host) *host {
	strategies := slices.Clone(w.Strategies)
	if len(strategies) == 0 {
		strategies = []Strategy{{Type: "spread", Field: "attribute:" + AttributeZone}}
	}
	// The number of the group's tasks decides last, so that spreading by zone
	// does not pile up on one instance.
	strategies = append(strategies, Strategy{Type: "spread", Field: "instanceId"})
	for _, s := range strategies {
		switch {
		case s.Type == "random": // any is as random as another
		case s.Type == "binpack" && strings.EqualFold(s.Field, "cpu"):
			candidates = lowest(candidates, func(h *host) int { return h.Free.CPU })
		case s.Type == "binpack":
			candidates = lowest(candidates, func(h *host) int { return h.Free.MemoryMiB })
		default:
			beside := p.tasksBy(s.Field, w.Group)
			candidates = lowest(candidates, func(h *host) int { return beside[fieldOf(h, s.Field)] })
		}
	}
	return candidates[0]
}

// lowest keeps the candidates with the lowest score.
func lowest(candidates []*host, score func(*host) int) []*host {
	var best []*host
	bestScore := 0
	for _, h := range candidates {
		n := score(h)
		if len(best) == 0 || n < bestScore {
			best, bestScore = nil, n
		}
		if n == bestScore {
			best = append(best, h)
		}
	}
	return best
}

// tasksBy counts the group's tasks by the values of the field.
func (p *Placer) tasksBy(field, group string) map[string]int {
	n := map[string]int{}
	for _, h := range p.hosts {
		for _, t := range h.tasks {
			if t.live() && t.Failing == "" && t.Work.Group == group {
				n[fieldOf(h, field)]++
			}
		}
	}
	return n
}

// fieldOf is an instance's value of a spread strategy's field.
func fieldOf(h *host, field string) string {
	if name, isAttribute := strings.CutPrefix(field, "attribute:"); isAttribute {
		return h.Attributes[name]
	}
	return h.EC2ID // instanceId and host
}

// Item is the capacity provider of the strategy whose turn it is, by base and
// then by weight, given how many tasks each has.
func Item(strategy []StrategyItem, have map[string]int) string {
	for _, item := range strategy {
		if have[item.Provider] < item.Base {
			return item.Provider
		}
	}
	best, bestShare := "", 0.0
	for _, item := range strategy {
		if item.Weight == 0 {
			continue
		}
		share := float64(have[item.Provider]-item.Base) / float64(item.Weight)
		if best == "" || share < bestShare {
			best, bestShare = item.Provider, share
		}
	}
	return best
}

// Daemons returns the ids of the instances on which a daemon service runs a
// task of the deployment: the active ones that its constraints and its
// capacity providers allow. Daemons fulfill distinctInstance by themselves.
func Daemons(instances []Instance, d Deployment) []string {
	r := rulesOf(d.Work.Constraints)
	var ids []string
	for i := range instances {
		at := &instances[i]
		provided := len(d.Strategy) == 0 ||
			slices.ContainsFunc(d.Strategy, func(item StrategyItem) bool { return item.Provider == at.Provider })
		if at.Active && provided && d.Work.Demand.runsOn(at) && r.member(at) {
			ids = append(ids, at.ID)
		}
	}
	return ids
}
