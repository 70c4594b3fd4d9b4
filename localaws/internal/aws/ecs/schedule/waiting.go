package schedule

import "slices"

// drain lets the agent stop a task once its targets have drained.
func (p *planner) drain(t *Task) {
	draining := func(place Target) bool { return place.Health == "draining" }
	if t.Status == Deactivating && !slices.ContainsFunc(t.Targets, draining) {
		t.Status = Stopping
		p.act(Drained{Task: t.ID})
	}
}

// placeWaiting looks for an instance for a task that waits for its capacity
// provider.
func (p *planner) placeWaiting(t *Task) {
	if t.Status != Waiting || !t.live() {
		return
	}
	h, why := p.placer.find(t.Work)
	if h != nil {
		h.take(t)
		p.act(Place{Task: t.ID, Instance: h.ID})
		return
	}
	if t.Service != "" && p.due(t.ComplainAt) {
		p.act(Unplaceable{Service: t.Service, Provider: t.Work.Provider, Why: why})
	}
	if p.due(t.GiveUpAt) {
		p.act(GiveUp{Task: t.ID, Why: why})
		p.forget(t)
	}
}
