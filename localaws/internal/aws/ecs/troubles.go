package ecs

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Trouble is a service whose tasks fail, or failed until it was rolled back.
type Trouble struct {
	Cluster, Service string
	// Failed is how many tasks failed in a row, or of the deployment that was
	// rolled back.
	Failed int
	// RolledBack says that the service runs what it ran before.
	RolledBack bool
	// Reason is why the last one stopped.
	Reason string
}

// Troubles are the services in trouble, by cluster and name. A service that has
// reached a steady state with what it is to run is out of it.
func (s *Service) Troubles() []Trouble {
	var all []Trouble
	for _, svc := range s.state.Services.All() {
		if svc.Status != active {
			continue
		}
		found := Trouble{Cluster: svc.Cluster, Service: svc.Name, Failed: svc.Failures}
		if d := svc.rolledBack(); d != nil {
			found.RolledBack, found.Failed = true, max(found.Failed, int(d.Failed))
		}
		last := s.lastFailed(svc)
		if found.Failed == 0 || last == nil {
			continue
		}
		found.Reason = last.whyStopped()
		all = append(all, found)
	}
	return all
}

// rolledBack is the newest deployment, when it failed and an older one is the
// primary again.
func (svc *service) rolledBack() *deployment {
	if d := svc.History[0]; d.Rollout == types.DeploymentRolloutStateFailed && d.RolledBackTo != "" {
		return d
	}
	return nil
}

// lastFailed is the service's last task that stopped without having been asked
// to, or for bad health.
func (s *Service) lastFailed(svc *service) *task {
	var last *task
	for _, t := range s.state.Tasks.All() {
		if t.Service == svc.ARN && t.LastStatus == stopped && t.failed() && (last == nil || t.StoppedAt.After(last.StoppedAt)) {
			last = t
		}
	}
	return last
}

func (t *task) failed() bool {
	switch t.StopCode {
	case types.TaskStopCodeUserInitiated:
		return false
	case types.TaskStopCodeServiceSchedulerInitiated:
		return strings.Contains(t.StoppedReason, "failed")
	}
	return true
}

// whyStopped is the task's reason with what its containers add to it.
func (t *task) whyStopped() string {
	said := t.StoppedReason
	for _, c := range t.Containers {
		if c.ExitCode != nil && *c.ExitCode != 0 {
			said += fmt.Sprintf(" (container %s exited with code %d)", c.Name, *c.ExitCode)
		}
		if c.Reason != "" && !strings.Contains(said, c.Reason) {
			said += fmt.Sprintf(" (container %s: %s)", c.Name, c.Reason)
		}
	}
	return said
}
