package schedule

import (
	"slices"
	"time"
)

// planner works on its own copies of tasks and instances, so that what it
// plans first counts for what it plans next.
type planner struct {
	now     time.Time
	pace    float64
	scaled  map[string]bool
	placer  *Placer
	tasks   []*Task
	actions []Action
	next    time.Time
}

func newPlanner(c Cluster) *planner {
	p := &planner{now: c.Now, pace: c.Pace, scaled: c.Scaled}
	for i := range c.Tasks {
		t := c.Tasks[i]
		p.tasks = append(p.tasks, &t)
	}
	p.placer = newPlacer(c.Instances, p.tasks)
	return p
}

func (p *planner) act(a Action) { p.actions = append(p.actions, a) }

// wake asks for the next look at t at the latest.
func (p *planner) wake(t time.Time) {
	if !t.IsZero() && (p.next.IsZero() || t.Before(p.next)) {
		p.next = t
	}
}

// due reports whether t has come, and asks for a look then if it has not.
func (p *planner) due(t time.Time) bool {
	if p.now.Before(t) {
		p.wake(t)
		return false
	}
	return true
}

// in is the time at which d of AWS's time will have passed.
func (p *planner) in(d time.Duration) time.Time {
	return p.now.Add(time.Duration(float64(d) * p.pace))
}

// forget drops a task that ends with the action just planned.
func (p *planner) forget(t *Task) {
	p.tasks = slices.DeleteFunc(p.tasks, func(o *Task) bool { return o == t })
}
