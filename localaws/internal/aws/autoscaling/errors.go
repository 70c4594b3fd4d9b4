package autoscaling

import (
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

func invalid(format string, args ...any) *wire.Error {
	return wire.Errorf("ValidationError", format, args...)
}

func groupNotFound(name string) *wire.Error {
	return invalid("AutoScalingGroup name not found - AutoScalingGroup '%s' not found", name)
}

func groupExists(name string) *wire.Error {
	return wire.Errorf("AlreadyExists", "AutoScalingGroup by this name already exists - A group with the name %s already exists", name)
}

func groupInUse(name string, instances int) *wire.Error {
	return wire.Errorf("ResourceInUse",
		"You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group. (%s has %d)", name, instances)
}

func refreshInProgress(id string) *wire.Error {
	return wire.Errorf("InstanceRefreshInProgress", "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh. (%s)", id)
}

func noActiveRefresh(group string) *wire.Error {
	return wire.Errorf("ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found for Auto Scaling group %s", group)
}

func instanceNotFound(ids ...string) *wire.Error {
	return invalid("Instance Id not found - No managed instance found for instance ID(s): %s", strings.Join(ids, ", "))
}

func hookNotFound(hook, group string) *wire.Error {
	return invalid("No Lifecycle Hook found with name: %s for group %s", hook, group)
}
