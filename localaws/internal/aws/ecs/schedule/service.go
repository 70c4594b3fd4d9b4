package schedule

import (
	"slices"
	"time"
)

// scheduler plans the next step of one service.
type scheduler struct {
	*planner
	svc         Service // with the working copies of its deployments below
	primary     *Deployment
	deployments []*Deployment
	// fresh are the tasks that this step registers with target groups: their
	// targets have no health yet.
	fresh map[*Task]bool
}

func (p *planner) scheduler(svc Service) *scheduler {
	s := &scheduler{planner: p, svc: svc, fresh: map[*Task]bool{}}
	for i := range svc.Deployments {
		d := svc.Deployments[i]
		s.deployments = append(s.deployments, &d)
	}
	if len(s.deployments) > 0 {
		s.primary = s.deployments[0]
	}
	return s
}

// ownTasks are the service's tasks that have not stopped, the oldest first.
func (s *scheduler) ownTasks() []*Task {
	var own []*Task
	for _, t := range s.tasks {
		if t.Service == s.svc.Name {
			own = append(own, t)
		}
	}
	return own
}

func (s *scheduler) liveTasks() []*Task {
	return slices.DeleteFunc(s.ownTasks(), func(t *Task) bool { return !t.live() })
}

func (s *scheduler) deployment(id string) *Deployment {
	at := slices.IndexFunc(s.deployments, func(d *Deployment) bool { return d.ID == id })
	if at < 0 {
		return nil
	}
	return s.deployments[at]
}

func scaling(deployment string) string {
	return "Scaling activity initiated by (deployment " + deployment + ")"
}

// wanted is how many tasks the service wants to run.
func (s *scheduler) wanted() int {
	if s.svc.Daemon {
		return len(s.daemonInstances())
	}
	return s.svc.Desired
}

func (s *scheduler) daemonInstances() []string {
	instances := make([]Instance, 0, len(s.placer.hosts))
	for _, h := range s.placer.hosts {
		instances = append(instances, h.Instance)
	}
	return Daemons(instances, *s.primary)
}

// least is how many tasks have to stay healthy during a deployment, rounded
// up, https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html.
func (s *scheduler) least(desired int) int {
	return (desired*s.svc.MinimumHealthyPercent + 99) / 100
}

// most is how many tasks may run during a deployment, rounded down.
func (s *scheduler) most() int { return s.svc.Desired * s.svc.MaximumPercent / 100 }

// healthy reports whether a task counts for its service: it runs, its container
// health checks pass, and it is healthy in every target group. A target group
// that is gone, as after the removal of a load balancer from the service, says
// nothing about the tasks of the deployment before.
func (s *scheduler) healthy(t *Task) bool {
	if t.Status != Running || t.Health != Healthy || s.fresh[t] || (t.Balanced && !t.Registered) {
		return false
	}
	current := t.Deployment == s.primary.ID
	return !slices.ContainsFunc(t.Targets, func(place Target) bool {
		return (current || place.Balanced) && place.Health != "healthy"
	})
}

func (s *scheduler) countHealthy(tasks []*Task) int {
	n := 0
	for _, t := range tasks {
		n += one(s.healthy(t))
	}
	return n
}

func one(condition bool) int {
	if condition {
		return 1
	}
	return 0
}

// stop begins to stop tasks: their targets drain first.
func (s *scheduler) stop(tasks []*Task, reason func(*Task) string) {
	var down []StopTask
	for _, t := range tasks {
		if !t.live() {
			continue
		}
		down = append(down, StopTask{Task: t.ID, Reason: reason(t)})
		t.Stopped = true
		switch {
		case t.Instance == "":
			s.forget(t)
		case len(t.Targets) > 0 && t.Status == Running:
			t.Status = Deactivating
		default:
			t.Status = Stopping
		}
	}
	if len(down) > 0 {
		s.act(Stop{Service: s.svc.Name, Tasks: down})
	}
}

// start plans a task of the primary deployment, on the instance or where
// placement wants it. With managed scaling a task without a place waits for a
// new instance. It reports whether the task starts.
func (s *scheduler) start(instance string) (StartTask, bool) {
	d := s.primary
	if d.Refused != "" {
		s.act(RefuseRole{Service: s.svc.Name, Why: d.Refused})
		s.countFailure(d.ID)
		s.wake(s.svc.RetryAt)
		return StartTask{}, false
	}
	t := &Task{Service: s.svc.Name, Deployment: d.ID, Work: d.Work}
	t.Work.Provider = s.nextProvider(d)
	h, why := s.seat(instance, t.Work)
	switch {
	case h != nil:
		h.take(t)
	case instance != "" || !s.scaled[t.Work.Provider]:
		s.act(Unplaceable{Service: s.svc.Name, Provider: t.Work.Provider, Why: why})
		s.wake(s.in(time.Minute))
		return StartTask{}, false
	}
	s.tasks = append(s.tasks, t)
	return StartTask{Instance: t.Instance, Provider: t.Work.Provider}, true
}

// seat is the instance that was given, if the work fits there, or else the one
// that placement chooses.
func (s *scheduler) seat(instance string, w Work) (*host, Misfit) {
	if instance == "" {
		return s.placer.find(w)
	}
	h := s.placer.host(instance)
	if why := h.fit(w.Demand); why.Lacks != "" {
		return nil, why
	}
	return h, Misfit{}
}

func (s *scheduler) nextProvider(d *Deployment) string {
	if len(d.Strategy) == 0 {
		return ""
	}
	have := map[string]int{}
	for _, t := range s.liveTasks() {
		if t.Deployment == d.ID {
			have[t.Work.Provider]++
		}
	}
	return Item(d.Strategy, have)
}

func (s *scheduler) announce(started []StartTask) {
	if len(started) > 0 {
		s.act(Start{Service: s.svc.Name, Deployment: s.primary.ID, Tasks: started})
	}
}

// mayStart reports whether failures let the service start tasks now.
func (s *scheduler) mayStart() bool { return s.primary.Rollout != Failed && s.due(s.svc.RetryAt) }

// How a service throttles starting tasks that keep failing,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html.
const (
	firstBackoff = 10 * time.Second
	lastBackoff  = 15 * time.Minute
)

// Backoff is how long a service waits, in AWS's time, before it starts a task
// after that many failures in a row. The first is replaced at once.
func Backoff(failures int) time.Duration {
	if failures < 2 {
		return 0
	}
	return min(firstBackoff<<min(failures-2, 10), lastBackoff)
}

// countFailure counts a failed task of the deployment.
func (s *scheduler) countFailure(deployment string) {
	s.act(CountFailure{Service: s.svc.Name, Deployment: deployment})
	s.svc.Failures++
	if wait := Backoff(s.svc.Failures); wait > 0 {
		s.svc.RetryAt = s.in(wait)
	}
	if d := s.deployment(deployment); d != nil && !d.Proven {
		d.Failed++
	}
}
