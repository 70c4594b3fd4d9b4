package ecs

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// maxHistory bounds how many deployments a service remembers; AWS keeps 90 days.
const maxHistory = 50

// deploy begins a deployment of the revision; the one before becomes ACTIVE
// until its tasks are gone.
func (s *Service) deploy(svc *service, r revision, reason string) *deployment {
	now := s.acct.Clock.Now()
	number := deploymentNumber()
	d := &deployment{
		ID: "ecs-svc/" + number, Number: number, Status: primary, Revision: r,
		CreatedAt: now, UpdatedAt: now, Rollout: types.DeploymentRolloutStateInProgress,
		Outcome: types.ServiceDeploymentStatusInProgress, Reason: reason,
	}
	if reason == "" {
		d.Reason = "ECS deployment " + d.ID + " in progress."
	}
	if old := svc.primary(); old != nil {
		d.Source = old.ID
		s.supersede(old, now)
	}
	svc.Deployments = slices.Insert(svc.Deployments, 0, d)
	svc.History = slices.Insert(svc.History, 0, d)
	svc.History = svc.History[:min(len(svc.History), maxHistory)]
	svc.Steady, svc.Failures, svc.RetryAt = false, 0, time.Time{}
	s.emitDeployment(svc, d, "SERVICE_DEPLOYMENT_IN_PROGRESS", d.Reason)
	return d
}

// supersede makes a primary deployment an old one.
func (s *Service) supersede(d *deployment, now time.Time) {
	d.Status, d.UpdatedAt = active, now
	s.endOutcome(d, types.ServiceDeploymentStatusStopped, "The deployment was replaced by a newer one.")
}

// endOutcome ends a service deployment that still runs.
func (s *Service) endOutcome(d *deployment, outcome types.ServiceDeploymentStatus, reason string) {
	if !d.FinishedAt.IsZero() {
		return
	}
	d.Outcome, d.OutcomeReason = outcome, reason
	d.FinishedAt = s.acct.Clock.Now()
	if outcome == types.ServiceDeploymentStatusStopped {
		d.StoppedAt = d.FinishedAt
	}
}

// deploymentNumber is a number of 19 digits, as behind ecs-svc/.
func deploymentNumber() string {
	low := big.NewInt(1e18)
	n, err := rand.Int(rand.Reader, big.NewInt(8e18))
	if err != nil { // never: crypto/rand.Reader does not fail
		n = big.NewInt(0)
	}
	return n.Add(n, low).String()
}

// desired is how many tasks the service is to run.
func (s *Service) desired(svc *service) int32 {
	if svc.Scheduling != types.SchedulingStrategyDaemon {
		return svc.DesiredCount
	}
	if svc.Status != active {
		return 0
	}
	return int32(len(s.daemonInstances(svc))) //nolint:gosec // instances of a machine fit
}

// advance takes a service one step towards what is wanted of it.
func (s *Service) advance(svc *service) {
	switch svc.Status {
	case inactive:
		return
	case draining:
		s.advanceDeletion(svc)
		return
	}
	tasks := s.tasksOf(svc)
	for _, t := range tasks {
		s.register(svc, t)
	}
	for _, t := range tasks {
		s.judge(svc, t)
	}
	s.breakCircuit(svc)
	if svc.Scheduling == types.SchedulingStrategyDaemon {
		s.advanceDaemon(svc)
	} else {
		s.advanceReplicas(svc)
	}
	s.finishDeployments(svc)
}

// advanceDeletion stops all tasks, and ends the service with the last one.
func (s *Service) advanceDeletion(svc *service) {
	tasks := s.tasksOf(svc)
	var down []*task
	for _, t := range tasks {
		if t.live() {
			down = append(down, t)
		}
	}
	s.stopAll(svc, down, func(t *task) string { return scalingReason(t.Deployment) })
	if len(tasks) > 0 {
		return
	}
	svc.Status, svc.Deployments = inactive, nil
	s.changed()
}

func scalingReason(deploymentID string) string {
	return "Scaling activity initiated by (deployment " + deploymentID + ")"
}

// advanceReplicas starts and stops tasks of a rolling update between
// minimumHealthyPercent and maximumPercent of the desired count,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html.
func (s *Service) advanceReplicas(svc *service) {
	d := svc.primary()
	own, old := s.split(svc, d)
	desired := int(svc.DesiredCount)
	least := atLeast(svc, desired)
	most := desired * int(*svc.Configuration.MaximumPercent) / 100

	stop := s.replaceable(svc, own, old, least)
	for len(own) > desired {
		t := s.surplus(own)
		if t.ProtectedUntil.After(s.acct.Clock.Now()) { // and so are all others
			for _, protected := range own {
				s.wake(protected.ProtectedUntil)
			}
			break
		}
		own = slices.DeleteFunc(own, func(o *task) bool { return o == t })
		stop = append(stop, t)
	}
	s.stopAll(svc, stop, func(t *task) string {
		if t.Failing != "" {
			return t.Failing
		}
		return scalingReason(d.ID)
	})
	remaining := len(own) + len(old) - len(stop)
	if len(own) >= desired || d.Rollout == types.DeploymentRolloutStateFailed {
		return
	}
	if n := min(desired-len(own), most-remaining); n > 0 {
		s.startTasks(svc, d, n)
	} else if len(stop) == 0 && most <= desired && least >= desired {
		s.notice(svc, "configuration", "(service %s) was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.", svc.Name)
	}
}

// atLeast is how many tasks have to stay healthy during a deployment, rounded
// up, https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html.
func atLeast(svc *service, desired int) int {
	return (desired*int(*svc.Configuration.MinimumHealthyPercent) + 99) / 100
}

// split divides the live tasks into those that stay and those to be replaced:
// of an older deployment, on a draining instance, or failing.
func (s *Service) split(svc *service, d *deployment) (own, old []*task) {
	for _, t := range s.tasksOf(svc) {
		switch {
		case !t.live():
		case t.Deployment != d.ID || t.Failing != "" || s.onDraining(t):
			old = append(old, t)
		default:
			own = append(own, t)
		}
	}
	return own, old
}

func (s *Service) onDraining(t *task) bool {
	i := s.state.Instances[t.Instance]
	return i != nil && i.Status == draining
}

// replaceable returns the old tasks that may stop now: those that don't run
// yet, and of the running ones as many as leave enough healthy tasks.
func (s *Service) replaceable(svc *service, own, old []*task, least int) []*task {
	healthy := 0
	for _, t := range slices.Concat(own, old) {
		if s.healthy(svc, t) {
			healthy++
		}
	}
	now := s.acct.Clock.Now()
	var stop []*task
	for _, t := range old {
		others := healthy
		if s.healthy(svc, t) {
			others--
		}
		switch {
		case t.ProtectedUntil.After(now):
			s.wake(t.ProtectedUntil)
		case t.LastStatus != running:
			stop = append(stop, t)
		case others >= least:
			stop = append(stop, t)
			healthy = others
		}
	}
	return stop
}

// surplus is the task to stop in a scale in: one that does not run yet, else
// the newest in the zone with the most.
func (s *Service) surplus(tasks []*task) *task {
	inZone := map[string]int{}
	for _, t := range tasks {
		inZone[s.zoneOf(t)]++
	}
	now := s.acct.Clock.Now()
	rank := func(t *task) []int {
		return []int{
			int(countIf(!t.ProtectedUntil.After(now))),
			int(countIf(t.LastStatus != running)), inZone[s.zoneOf(t)],
		}
	}
	best := tasks[0]
	for _, t := range tasks[1:] {
		if slices.Compare(rank(t), rank(best)) >= 0 {
			best = t
		}
	}
	return best
}

func (s *Service) zoneOf(t *task) string {
	if i := s.state.Instances[t.Instance]; i != nil {
		return i.Attributes[attributeZone]
	}
	return ""
}

// advanceDaemon keeps one task of the newest deployment on every instance.
func (s *Service) advanceDaemon(svc *service) {
	d := svc.primary()
	instances := s.daemonInstances(svc)
	placed := map[string][]*task{}
	for _, t := range s.tasksOf(svc) {
		if t.live() {
			placed[t.Instance] = append(placed[t.Instance], t)
		}
	}
	desired := len(instances)
	least := atLeast(svc, desired)
	healthy := 0
	for _, tasks := range placed {
		for _, t := range tasks {
			healthy += int(countIf(s.healthy(svc, t)))
		}
	}
	var stop []*task
	var start []*containerInstance
	for _, i := range instances {
		current := false
		for _, t := range placed[i.ARN] {
			if t.Deployment == d.ID && t.Failing == "" {
				current = true
				continue
			}
			down := int(countIf(s.healthy(svc, t)))
			if healthy-down >= least || down == 0 {
				healthy -= down
				stop = append(stop, t)
			} else {
				current = true // its turn comes
			}
		}
		if !current {
			start = append(start, i)
		}
		delete(placed, i.ARN)
	}
	for _, tasks := range placed { // on instances that left
		stop = append(stop, tasks...)
	}
	sortTasks(stop)
	s.stopAll(svc, stop, func(*task) string { return scalingReason(d.ID) })
	if d.Rollout != types.DeploymentRolloutStateFailed {
		s.startDaemons(svc, d, start)
	}
}

// finishDeployments forgets old deployments without tasks, and announces the
// completion and the steady state.
func (s *Service) finishDeployments(svc *service) {
	d := svc.primary()
	tasks := s.tasksOf(svc)
	used := map[string]bool{d.ID: true}
	healthy := 0
	for _, t := range tasks {
		used[t.Deployment] = true
		if t.Deployment == d.ID && t.live() && t.Failing == "" && s.healthy(svc, t) {
			healthy++
			d.Proven = true
		}
	}
	if d.Proven && d.Failed > 0 {
		d.Failed = 0
		s.changed()
	}
	svc.Deployments = slices.DeleteFunc(svc.Deployments, func(o *deployment) bool {
		if used[o.ID] {
			return false
		}
		o.Status = inactive
		s.changed()
		return true
	})
	done := healthy == int(s.desired(svc)) && len(tasks) == healthy && len(svc.Deployments) == 1
	if !done {
		if svc.Steady {
			svc.Steady = false
			s.changed()
		}
		return
	}
	if d.Rollout == types.DeploymentRolloutStateInProgress {
		s.completeDeployment(svc, d)
	}
	if !svc.Steady && d.Rollout == types.DeploymentRolloutStateCompleted {
		svc.Steady, svc.Failures, svc.RetryAt = true, 0, time.Time{}
		s.event(svc, "(service %s) has reached a steady state.", svc.Name)
		s.emitAction(svc, "INFO", "SERVICE_STEADY_STATE", nil)
	}
}

func (s *Service) completeDeployment(svc *service, d *deployment) {
	now := s.acct.Clock.Now()
	d.Rollout, d.UpdatedAt, d.Completed = types.DeploymentRolloutStateCompleted, now, true
	d.Reason = "ECS deployment " + d.ID + " completed."
	d.Failed = 0
	svc.LastCompleted = d.ID
	s.endOutcome(d, types.ServiceDeploymentStatusSuccessful, "")
	for _, failed := range svc.History {
		if failed.RolledBackTo == d.ID && failed.Outcome == types.ServiceDeploymentStatusRollbackInProgress {
			failed.Outcome, failed.FinishedAt = types.ServiceDeploymentStatusRollbackSuccessful, now
		}
	}
	s.event(svc, "(service %s) (deployment %s) deployment completed.", svc.Name, d.ID)
	s.emitDeployment(svc, d, "SERVICE_DEPLOYMENT_COMPLETED", d.Reason)
	s.changed()
}

// Bounds of the circuit breaker's threshold,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html.
const (
	leastThreshold = 3
	mostThreshold  = 200
)

func (s *Service) threshold(svc *service) int32 {
	half := (s.desired(svc) + 1) / 2
	return min(max(half, leastThreshold), mostThreshold)
}

// breakCircuit fails a deployment whose tasks failed too often, and rolls back
// when it is to.
func (s *Service) breakCircuit(svc *service) {
	d := svc.primary()
	breaker := svc.Configuration.DeploymentCircuitBreaker
	if !breaker.Enable || d.Proven || d.Tripped || d.Rollout != types.DeploymentRolloutStateInProgress || d.Failed < s.threshold(svc) {
		return
	}
	d.Tripped = true
	s.failDeployment(svc, d, "tasks failed to start.", breaker.Rollback)
}

// failDeployment ends a deployment as failed, and begins the rollback to the
// last completed one.
func (s *Service) failDeployment(svc *service, d *deployment, reason string, rollback bool) {
	now := s.acct.Clock.Now()
	d.Rollout, d.UpdatedAt = types.DeploymentRolloutStateFailed, now
	d.Reason = "ECS deployment circuit breaker: " + reason
	s.event(svc, "(service %s) (deployment %s) deployment failed: %s", svc.Name, d.ID, reason)
	s.emitDeployment(svc, d, "SERVICE_DEPLOYMENT_FAILED", d.Reason)
	s.changed()
	last := svc.deployment(svc.LastCompleted)
	if !rollback || last == nil || last == d {
		outcome := types.ServiceDeploymentStatusStopped
		if rollback {
			outcome = types.ServiceDeploymentStatusRollbackFailed
		}
		s.endOutcome(d, outcome, d.Reason)
		return
	}
	s.rollBack(svc, d, last)
}

// rollBack makes the last completed deployment the primary one again. Its
// tasks that still run stay.
func (s *Service) rollBack(svc *service, failed, last *deployment) {
	now := s.acct.Clock.Now()
	reason := fmt.Sprintf("ECS deployment circuit breaker: rolling back to deploymentId %s.", last.ID)
	failed.Status = active
	failed.Outcome, failed.OutcomeReason = types.ServiceDeploymentStatusRollbackInProgress, failed.Reason
	failed.RolledBackTo, failed.RollbackAt = last.ID, now
	svc.Deployments = slices.DeleteFunc(svc.Deployments, func(o *deployment) bool { return o == last })
	svc.Deployments = slices.Insert(svc.Deployments, 0, last)
	last.Status, last.UpdatedAt = primary, now
	last.Rollout, last.Reason, last.Proven, last.Failed = types.DeploymentRolloutStateInProgress, reason, false, 0
	svc.Steady, svc.Failures, svc.RetryAt = false, 0, time.Time{}
	s.event(svc, "(service %s) rolling back to deployment %s.", svc.Name, last.ID)
	s.emitDeployment(svc, last, "SERVICE_DEPLOYMENT_IN_PROGRESS", reason)
	s.changed()
}

// countFailure notes that a task of the service ended on its own or was
// stopped for bad health, and delays the next one more each time.
func (s *Service) countFailure(svc *service, t *task) {
	svc.Failures++
	if svc.Failures > 1 { // the first is replaced at once
		wait := min(firstBackoff<<min(svc.Failures-2, 10), lastBackoff)
		svc.RetryAt = s.acct.Clock.In(wait)
	}
	if d := svc.deployment(t.Deployment); d != nil && !d.Proven {
		d.Failed++
		d.UpdatedAt = s.acct.Clock.Now()
	}
	if svc.Failures == inconsistent {
		s.event(svc, "(service %s) is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.", svc.Name)
		s.emitAction(svc, "WARN", "SERVICE_TASK_START_IMPAIRED", nil)
	}
	s.changed()
}

// How a service throttles starting tasks that keep failing,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html.
const (
	firstBackoff = 10 * time.Second
	lastBackoff  = 15 * time.Minute
	inconsistent = 5
)

// strategyItem is the item of the strategy whose turn it is, by base and then
// by weight, given how many tasks each provider has.
func strategyItem(strategy []types.CapacityProviderStrategyItem, have map[string]int) string {
	for _, item := range strategy {
		if have[aws.ToString(item.CapacityProvider)] < int(item.Base) {
			return aws.ToString(item.CapacityProvider)
		}
	}
	best, bestShare := "", 0.0
	for _, item := range strategy {
		if item.Weight == 0 {
			continue
		}
		name := aws.ToString(item.CapacityProvider)
		share := float64(have[name]-int(item.Base)) / float64(item.Weight)
		if best == "" || share < bestShare {
			best, bestShare = name, share
		}
	}
	return best
}
