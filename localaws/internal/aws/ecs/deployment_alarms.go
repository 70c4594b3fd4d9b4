package ecs

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// watch is what a service's deployment alarms say.
type watch struct {
	enabled bool
	ringing []string // the names of those that are in ALARM
	// bake is how long a deployment is watched after its last old task is gone, in
	// AWS's time. ECS computes it from the alarms and does not tell how: here it is
	// the time that the slowest needs to notice.
	bake time.Duration
}

// alarmsOf looks at the alarms. ECS takes names of alarms that don't exist: they may
// come later.
func (r *region) alarmsOf(svc *service) watch {
	configured := svc.Configuration.Alarms
	if configured == nil || !configured.Enable || r.alarms == nil {
		return watch{}
	}
	w := watch{enabled: true}
	for _, name := range configured.AlarmNames {
		a, exists := r.alarms.Alarm(name)
		if !exists {
			continue
		}
		w.bake = max(w.bake, a.Window)
		if a.InAlarm {
			w.ringing = append(w.ringing, name)
		}
	}
	return w
}

// deploymentAlarms are the alarms that watch a deployment, and what came of it.
func deploymentAlarms(svc *service, d *deployment) *types.ServiceDeploymentAlarms {
	alarms := svc.Configuration.Alarms
	v := &types.ServiceDeploymentAlarms{Status: types.ServiceDeploymentRollbackMonitorsStatusDisabled}
	if alarms == nil || !alarms.Enable || d.Unwatched {
		return v
	}
	v.AlarmNames, v.TriggeredAlarmNames = alarms.AlarmNames, d.Triggered
	switch {
	case len(d.Triggered) > 0:
		v.Status = types.ServiceDeploymentRollbackMonitorsStatusTriggered
	case !d.FinishedAt.IsZero():
		v.Status = types.ServiceDeploymentRollbackMonitorsStatusMonitoringComplete
	default:
		v.Status = types.ServiceDeploymentRollbackMonitorsStatusMonitoring
	}
	return v
}
