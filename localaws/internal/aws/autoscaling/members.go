package autoscaling

import (
	"context"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// members are the operations on the instances of groups.
type members struct{ *region }

// instanceView is an instance in an answer.
type instanceView struct {
	InstanceId           string
	InstanceType         string
	AvailabilityZone     string
	LifecycleState       string
	HealthStatus         string
	LaunchTemplate       *templateSpec
	ProtectedFromScaleIn bool
}

func (i *instance) view() instanceView {
	return instanceView{
		InstanceId: i.ID, InstanceType: i.Type, AvailabilityZone: i.Zone, LifecycleState: i.State,
		HealthStatus: i.Health, LaunchTemplate: i.Template, ProtectedFromScaleIn: i.Protected,
	}
}

type protectionInput struct {
	AutoScalingGroupName string
	InstanceIds          []string
	ProtectedFromScaleIn bool
}

func (s members) setInstanceProtection(_ context.Context, in *protectionInput) (*wire.Empty, error) {
	g, err := s.named(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	for _, id := range in.InstanceIds {
		i := s.instance(g, id)
		if i == nil {
			return nil, instanceNotFound(id)
		}
		if i.State != inService && i.State != pending && i.State != pendingWait {
			return nil, invalid("The instance %s is not in InService or EnteringStandby or Standby.", id)
		}
	}
	return nil, s.protect(g, in.InstanceIds, in.ProtectedFromScaleIn)
}
