package schedule_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs/schedule"
)

// What the tasks of a deployment do.
const (
	good   = "good"
	crash  = "crash"  // they exit before they run
	sick   = "sick"   // their targets are unhealthy
	ailing = "ailing" // their containers fail their health checks
)

// world is a cluster that does what plans say, with agents, target groups and
// machines that do what chance says.
type world struct {
	t       *testing.T
	rng     *rand.Rand
	cluster schedule.Cluster
	size    schedule.Resources // of each instance
	does    map[string]string  // by deployment
	balance map[string]bool    // services with a load balancer
	last    int
}

func newWorld(t *testing.T, seed uint64) *world {
	t.Helper()
	w := &world{
		t: t, rng: rand.New(rand.NewPCG(seed, 0)), does: map[string]string{}, balance: map[string]bool{},
		size: schedule.Resources{CPU: 2048, MemoryMiB: 4000, GPUs: []string{"gpu-1"}},
	}
	w.cluster = schedule.Cluster{Now: time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC), Pace: 1, Scaled: map[string]bool{}}
	return w
}

func (w *world) id(kind string) string {
	w.last++
	return fmt.Sprintf("%s-%03d", kind, w.last)
}

func (w *world) instance() *schedule.Instance {
	id := w.id("instance")
	w.cluster.Instances = append(w.cluster.Instances, schedule.Instance{
		ID: id, EC2ID: "i-" + id, Active: true, Connected: true,
		Attributes: map[string]string{schedule.AttributeZone: string(rune('a' + w.last%3)), schedule.AttributeArchitecture: "x86_64"},
	})
	return &w.cluster.Instances[len(w.cluster.Instances)-1]
}

// service adds a service whose first deployment does so.
func (w *world) service(svc schedule.Service, demand schedule.Demand, does string) *schedule.Service {
	svc.Name = w.id("service")
	w.cluster.Services = append(w.cluster.Services, svc)
	added := &w.cluster.Services[len(w.cluster.Services)-1]
	w.deploy(added, schedule.Work{Demand: demand, Group: "service:" + svc.Name}, does)
	return added
}

func (w *world) deploy(svc *schedule.Service, work schedule.Work, does string) {
	d := schedule.Deployment{ID: w.id("deployment"), Work: work}
	w.does[d.ID] = does
	svc.Deployments = slices.Insert(svc.Deployments, 0, d)
	svc.Steady, svc.Failures, svc.RetryAt = false, 0, time.Time{}
}

func (w *world) find(service string) *schedule.Service {
	at := slices.IndexFunc(w.cluster.Services, func(s schedule.Service) bool { return s.Name == service })
	require.GreaterOrEqual(w.t, at, 0, service)
	return &w.cluster.Services[at]
}

func (w *world) task(id string) *schedule.Task {
	at := slices.IndexFunc(w.cluster.Tasks, func(t schedule.Task) bool { return t.ID == id })
	require.GreaterOrEqual(w.t, at, 0, "task %s is not there", id)
	return &w.cluster.Tasks[at]
}

func deploymentOf(svc *schedule.Service, id string) *schedule.Deployment {
	at := slices.IndexFunc(svc.Deployments, func(d schedule.Deployment) bool { return d.ID == id })
	if at < 0 {
		return &schedule.Deployment{}
	}
	return &svc.Deployments[at]
}

// remove ends a task; failed says that it was not asked to.
func (w *world) remove(id string, failed bool) {
	t := *w.task(id)
	w.cluster.Tasks = slices.DeleteFunc(w.cluster.Tasks, func(o schedule.Task) bool { return o.ID == id })
	if failed && t.Service != "" {
		w.countFailure(w.find(t.Service), t.Deployment)
	}
}

func (w *world) countFailure(svc *schedule.Service, deployment string) {
	svc.Failures++
	if wait := schedule.Backoff(svc.Failures); wait > 0 {
		svc.RetryAt = w.cluster.Now.Add(wait)
	}
	if d := deploymentOf(svc, deployment); !d.Proven {
		d.Failed++
	}
}

// account sets what the tasks leave of each instance.
func (w *world) account() {
	for i := range w.cluster.Instances {
		at := &w.cluster.Instances[i]
		at.Free = w.size
		at.Free.GPUs, at.Free.Ports = slices.Clone(w.size.GPUs), map[string]bool{}
		for _, t := range w.cluster.Tasks {
			if t.Instance != at.ID {
				continue
			}
			d := t.Work.Demand
			at.Free.CPU -= d.CPU
			at.Free.MemoryMiB -= d.MemoryMiB
			at.Free.GPUs = at.Free.GPUs[min(d.GPUs, len(at.Free.GPUs)):]
			for _, port := range d.Ports {
				at.Free.Ports[port] = true
			}
		}
	}
}

// step plans and does what is planned.
func (w *world) step() schedule.Plan {
	w.account()
	plan := schedule.Next(w.cluster)
	for _, a := range plan.Actions {
		w.apply(a)
	}
	return plan
}

func (w *world) apply(a schedule.Action) {
	switch a := a.(type) {
	case schedule.Drained:
		w.task(a.Task).Status = schedule.Stopping
	case schedule.Place:
		t := w.task(a.Task)
		t.Instance, t.Status = a.Instance, schedule.Pending
	case schedule.GiveUp:
		w.remove(a.Task, false)
	case schedule.Register:
		t := w.task(a.Task)
		for _, port := range a.Ports {
			t.Targets = append(t.Targets, schedule.Target{Port: port, Balanced: true, Health: "initial"})
		}
		t.Registered = a.All
	case schedule.MarkHealthy:
		w.task(a.Task).WasHealthy = true
	case schedule.MarkFailing:
		w.task(a.Task).Failing = a.Reason
	case schedule.ReportTarget:
		for i := range w.task(a.Task).Targets {
			w.task(a.Task).Targets[i].Reported = a.Why
		}
	case schedule.Stop:
		for _, stop := range a.Tasks {
			w.stop(stop.Task)
		}
	default:
		w.applyToService(a)
	}
}

func (w *world) applyToService(a schedule.Action) {
	switch a := a.(type) {
	case schedule.CountFailure:
		w.countFailure(w.find(a.Service), a.Deployment)
	case schedule.Start:
		for _, start := range a.Tasks {
			w.start(w.find(a.Service), a.Deployment, start)
		}
	case schedule.Fail:
		svc := w.find(a.Service)
		d := deploymentOf(svc, a.Deployment)
		d.Rollout = schedule.Failed
		if a.To != "" {
			w.rollBack(svc, a.To)
		}
	case schedule.Prove:
		d := deploymentOf(w.find(a.Service), a.Deployment)
		d.Proven, d.Failed = true, 0
	case schedule.Bake:
		deploymentOf(w.find(a.Service), a.Deployment).BakedAt = a.Until
	case schedule.Retire:
		svc := w.find(a.Service)
		svc.Deployments = slices.DeleteFunc(svc.Deployments, func(d schedule.Deployment) bool { return d.ID == a.Deployment })
	case schedule.Complete:
		svc := w.find(a.Service)
		deploymentOf(svc, a.Deployment).Rollout = schedule.Completed
		svc.LastCompleted = a.Deployment
	case schedule.Settle:
		svc := w.find(a.Service)
		svc.Steady, svc.Failures, svc.RetryAt = true, 0, time.Time{}
	case schedule.Unsettle:
		w.find(a.Service).Steady = false
	}
}

func (w *world) stop(id string) {
	t := w.task(id)
	t.Stopped = true
	switch {
	case t.Instance == "":
		w.remove(id, false)
	case len(t.Targets) > 0 && t.Status == schedule.Running:
		t.Status = schedule.Deactivating
		for i := range t.Targets {
			t.Targets[i].Health = "draining"
		}
	default:
		t.Status = schedule.Stopping
	}
}

func (w *world) start(svc *schedule.Service, deployment string, start schedule.StartTask) {
	t := schedule.Task{
		ID: w.id("task"), Service: svc.Name, Deployment: deployment, Instance: start.Instance,
		Work: deploymentOf(svc, deployment).Work, GiveUpAt: w.cluster.Now.Add(30 * time.Minute),
	}
	t.Work.Provider = start.Provider
	if start.Instance != "" {
		t.Status = schedule.Pending
	}
	if w.balance[svc.Name] {
		t.Balanced, t.Wanted = true, []schedule.Port{{Group: "tg-" + svc.Name}}
	}
	w.cluster.Tasks = append(w.cluster.Tasks, t)
}

// rollBack makes the last completed deployment, a good one, primary again.
func (w *world) rollBack(svc *schedule.Service, to string) {
	back := schedule.Deployment{ID: to, Work: svc.Deployments[0].Work}
	svc.Deployments = slices.DeleteFunc(svc.Deployments, func(d schedule.Deployment) bool { return d.ID == to })
	svc.Deployments = slices.Insert(svc.Deployments, 0, back)
	svc.Steady, svc.Failures, svc.RetryAt = false, 0, time.Time{}
}

// agents lets agents and target groups get on with each task with the chance.
func (w *world) agents(chance float64) {
	for _, t := range slices.Clone(w.cluster.Tasks) {
		if w.rng.Float64() < chance {
			w.agent(t.ID)
		}
	}
}

func (w *world) agent(id string) {
	t := w.task(id)
	does := w.does[t.Deployment]
	switch t.Status {
	case schedule.Pending:
		if does == crash {
			w.remove(id, true)
			return
		}
		t.Status, t.GraceEnd = schedule.Running, w.cluster.Now.Add(30*time.Second)
		for i := range t.Wanted {
			w.last++
			t.Wanted[i].Port = int32(32768 + w.last)
		}
		if does == ailing {
			t.Health = schedule.Unhealthy
		}
	case schedule.Running:
		for i := range t.Targets {
			t.Targets[i].Health = "healthy"
			if does == sick {
				t.Targets[i].Health, t.Targets[i].Description = "unhealthy", "Health checks failed"
			}
		}
	case schedule.Deactivating:
		t.Targets = nil
	case schedule.Stopping:
		w.remove(id, false)
	}
}

// healthy counts the healthy tasks of a service, on its own.
func (w *world) healthy(service string, counts func(schedule.Task) bool) int {
	n := 0
	for _, t := range w.cluster.Tasks {
		sound := !slices.ContainsFunc(t.Targets, func(place schedule.Target) bool { return place.Health != "healthy" })
		if t.Service == service && !t.Stopped && t.Status == schedule.Running && t.Health == schedule.Healthy &&
			(!t.Balanced || t.Registered) && sound && counts(t) {
			n++
		}
	}
	return n
}

func (w *world) live(service string) int {
	n := 0
	for _, t := range w.cluster.Tasks {
		if t.Service == service && !t.Stopped {
			n++
		}
	}
	return n
}

func any(schedule.Task) bool { return true }
