package elbv2

import (
	"cmp"
	"fmt"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
)

// pages are those of all Describe operations,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancers.html.
var pages = paging.Limits{
	Default: 400, Max: 400,
	Token: func(token string) error { return invalid("The marker '%s' is not one that an answer had", token) },
}

// byPriority is the key of a rule: the default rule comes last.
func byPriority(rule Rule) string {
	return fmt.Sprintf("%05d %s", cmp.Or(rule.Priority, maxPriority+1), rule.ARN)
}
