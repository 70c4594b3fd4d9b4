package sweep

import (
	"maps"
	"slices"
)

// Identify is how a resource is found in a state, by its ARN.
func Identify(arn string) (terraform, id string) {
	serviceAndType, name := splitARN(arn)
	k, known := kinds[serviceAndType]
	if !known {
		return "", ""
	}
	id, _ = k.identify(arn, name)
	return k.terraform, id
}

// Types are those that can be found.
func Types() []string {
	types := map[string]bool{
		"aws_appautoscaling_target": true, "aws_cloudwatch_dashboard": true, "aws_ecs_cluster_capacity_providers": true,
		"aws_cloudwatch_event_target": true, "aws_efs_mount_target": true, "aws_route53_record": true,
	}
	for _, k := range kinds {
		types[k.terraform] = true
	}
	return slices.Sorted(maps.Keys(types))
}
