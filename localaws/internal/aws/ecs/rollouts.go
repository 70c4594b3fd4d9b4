package ecs

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// rollouts begins, completes and fails the deployments of services.
type rollouts struct{ journal }

// maxHistory bounds how many deployments a service remembers; AWS keeps 90 days.
const maxHistory = 50

// deploy begins a deployment of the revision; the one before becomes ACTIVE
// until its tasks are gone.
func (o rollouts) deploy(svc *service, r revision) {
	o.state.Services.Change(svc.ARN)
	now := o.acct.Clock.Now()
	number := deploymentNumber()
	d := &deployment{
		ID: "ecs-svc/" + number, Number: number, Status: primary, Revision: r,
		CreatedAt: now, UpdatedAt: now, Rollout: types.DeploymentRolloutStateInProgress,
		Reason:    "ECS deployment ecs-svc/" + number + " in progress.",
		Outcome:   types.ServiceDeploymentStatusInProgress,
		Unwatched: len(o.alarmsOf(svc).ringing) > 0,
	}
	if old := svc.primary(); old != nil {
		d.Source = old.ID
		old.Status, old.UpdatedAt = active, now
		o.end(old, types.ServiceDeploymentStatusStopped, "The deployment was replaced by a newer one.")
	}
	svc.History = slices.Insert(svc.History, 0, d)
	forgetOldest(svc)
	svc.Steady, svc.Failures, svc.RetryAt = false, 0, time.Time{}
	o.emitDeployment(svc, d, "SERVICE_DEPLOYMENT_IN_PROGRESS", d.Reason)
}

// forgetOldest keeps a service's history short; a deployment that still has
// tasks stays.
func forgetOldest(svc *service) {
	kept := 0
	svc.History = slices.DeleteFunc(svc.History, func(d *deployment) bool {
		kept++
		return kept > maxHistory && d.Status == inactive
	})
}

// end ends the service deployment of a deployment, if it still runs.
func (o rollouts) end(d *deployment, outcome types.ServiceDeploymentStatus, reason string) {
	if !d.FinishedAt.IsZero() {
		return
	}
	d.Outcome, d.OutcomeReason = outcome, reason
	d.FinishedAt = o.acct.Clock.Now()
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

func (o rollouts) complete(svc *service, d *deployment) {
	now := o.acct.Clock.Now()
	d.Rollout, d.UpdatedAt, d.Completed = types.DeploymentRolloutStateCompleted, now, true
	d.Reason = "ECS deployment " + d.ID + " completed."
	d.Failed = 0
	svc.LastCompleted = d.ID
	o.end(d, types.ServiceDeploymentStatusSuccessful, "")
	for _, failed := range svc.History {
		if failed.RolledBackTo == d.ID && failed.Outcome == types.ServiceDeploymentStatusRollbackInProgress {
			failed.Outcome, failed.FinishedAt = types.ServiceDeploymentStatusRollbackSuccessful, now
		}
	}
	o.event(svc, "(service %s) (deployment %s) deployment completed.", svc.Name, d.ID)
	o.emitDeployment(svc, d, "SERVICE_DEPLOYMENT_COMPLETED", d.Reason)
}

// settle announces the steady state.
func (o rollouts) settle(svc *service) {
	svc.Steady, svc.Failures, svc.RetryAt = true, 0, time.Time{}
	o.event(svc, "(service %s) has reached a steady state.", svc.Name)
	o.emitAction(svc, "INFO", "SERVICE_STEADY_STATE")
}

// fail ends a deployment whose circuit breaker tripped, or one of whose alarms went
// to ALARM, and with rollBack brings back the last completed one, if there is one.
func (o rollouts) fail(svc *service, d, last *deployment, byAlarm, rollBack bool) {
	reason := "tasks failed to start."
	if byAlarm {
		d.Triggered, reason = o.alarmsOf(svc).ringing, "alarm detected."
	} else {
		d.Tripped = true
	}
	d.Rollout, d.UpdatedAt = types.DeploymentRolloutStateFailed, o.acct.Clock.Now()
	d.Reason = d.monitor() + reason
	o.event(svc, "(service %s) (deployment %s) deployment failed: %s", svc.Name, d.ID, reason)
	o.emitDeployment(svc, d, "SERVICE_DEPLOYMENT_FAILED", d.Reason)
	switch {
	case last != nil:
		o.rollBack(svc, d, last)
	case rollBack:
		o.end(d, types.ServiceDeploymentStatusRollbackFailed, d.Reason)
	default:
		o.end(d, types.ServiceDeploymentStatusStopped, d.Reason)
	}
}

// monitor begins the reasons of what ends a deployment. ECS's own word for the alarms
// is not known; that of its event is, "alarm detected".
func (d *deployment) monitor() string {
	if len(d.Triggered) > 0 {
		return "ECS deployment alarms: "
	}
	return "ECS deployment circuit breaker: "
}

// rollBack makes the last completed deployment the primary one again. Its
// tasks that still run stay.
func (o rollouts) rollBack(svc *service, failed, last *deployment) {
	o.state.Services.Change(svc.ARN)
	now := o.acct.Clock.Now()
	reason := fmt.Sprintf("%srolling back to deploymentId %s.", failed.monitor(), last.ID)
	failed.Status = active
	failed.Outcome, failed.OutcomeReason = types.ServiceDeploymentStatusRollbackInProgress, failed.Reason
	failed.RolledBackTo, failed.RollbackAt = last.ID, now
	last.Status, last.UpdatedAt = primary, now
	last.Rollout, last.Reason, last.Proven, last.Failed = types.DeploymentRolloutStateInProgress, reason, false, 0
	last.Unwatched, last.BakedAt = len(o.alarmsOf(svc).ringing) > 0, time.Time{}
	svc.Steady, svc.Failures, svc.RetryAt = false, 0, time.Time{}
	o.event(svc, "(service %s) rolling back to deployment %s.", svc.Name, last.ID)
	o.emitDeployment(svc, last, "SERVICE_DEPLOYMENT_IN_PROGRESS", reason)
}
