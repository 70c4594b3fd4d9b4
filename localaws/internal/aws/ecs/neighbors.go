package ecs

import (
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/autoscaling"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/cloudwatch"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
)

// Machines is what ECS needs of EC2. All methods of this and the other
// interfaces are called with the account's lock held.
type Machines interface {
	Instance(id string) (ec2.Instance, bool)
}

// Groups is what ECS needs of Auto Scaling, for capacity providers.
type Groups interface {
	Group(nameOrARN string) (autoscaling.Group, bool)
	GroupOf(instanceID string) (string, bool)
	SetDesired(name string, n int) error
	SetProtection(name string, instanceIDs []string, protected bool) error
	AddTag(name, key, value string) error
	PutTerminationHook(groupName, hookName string, timeout time.Duration) error
	DeleteHook(groupName, hookName string)
	WaitingFor(groupName, hookName string) []string
	Complete(groupName, hookName, instanceID string)
}

// Targets is what ECS needs of Elastic Load Balancing.
type Targets interface {
	TargetGroup(arn string) (elbv2.TargetGroup, bool)
	Register(targetGroupARN string, targets []elbv2.Target) error
	Deregister(targetGroupARN string, targets []elbv2.Target) error
	Health(targetGroupARN string, target elbv2.Target) (elbv2.Health, bool)
}

// Roles is what ECS needs of IAM.
type Roles interface {
	CanAssume(roleARN, servicePrincipal string) (ok bool, why string)
	RoleARN(nameOrARN string) (string, bool)
	Allows(roleARN, action, resource string) (ok bool, why string)
}

// Metrics takes data points; a nil Metrics drops them.
type Metrics interface {
	Put(namespace, metric string, dimensions map[string]string, value float64, unit string)
}

// Alarms is what ECS needs of CloudWatch's alarms, for deployments. Without it there
// are none.
type Alarms interface {
	Alarm(name string) (cloudwatch.Alarm, bool)
}

// Events takes the events that ECS sends to EventBridge.
type Events interface {
	Emit(source, detailType string, resources []string, detail any)
}
