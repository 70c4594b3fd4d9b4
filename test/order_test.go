package test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// order is that a resource is made after another one, and goes before it. A
// deployment on localaws, and mostly on AWS, works without: it is a matter of who is
// slower.
type order struct{ resource, after, reason string }

const (
	ecsService = "aws_ecs_service.this"
	instances  = "module.instances.aws_autoscaling_group.this"
	alb        = "module.website_pod."
	nlb        = "module.tcp_pod."
)

// orders are those that the service relies on. Those of its own resources are in its
// depends_on; the pods' come with the output target_group_arn.
var orders = []order{
	{ecsService, "aws_lb_listener.extra", "ECS refuses a target group that no listener leads to"},
	{ecsService, "aws_vpc_security_group_ingress_rule.extra_backend", "health checks of the first tasks are dropped, and the circuit breaker counts them"},
	{ecsService, "aws_vpc_security_group_egress_rule.extra_backend", "health checks of the first tasks are dropped, and the circuit breaker counts them"},
	{ecsService, "aws_ecs_cluster_capacity_providers.this", "ECS refuses a capacity provider that is not the cluster's; and one that is in use can't leave it"},
	{ecsService, "aws_iam_role_policy.execution", "no task can pull its image, or read its secrets"},
	{ecsService, "aws_iam_role_policy_attachment.execution_extra", "no task can do what the caller's policies allow"},
	{ecsService, alb + "aws_lb_listener_rule.hosts", "ECS refuses the primary target group until a rule leads to it"},
	{ecsService, alb + "aws_lb_listener.redirect", "the service is up before port 80 is"},
	{ecsService, alb + "aws_vpc_security_group_ingress_rule.http", "the service is up before clients reach it"},
	{ecsService, alb + "aws_vpc_security_group_ingress_rule.https", "the service is up before clients reach it"},
	{ecsService, alb + "aws_vpc_security_group_egress_rule.tasks", "health checks of the first tasks are dropped"},
	{ecsService, alb + "aws_vpc_security_group_egress_rule.moved_in", "health checks of the first tasks are dropped"},
	{ecsService, nlb + "aws_vpc_security_group_egress_rule.moved_in", "health checks of the first tasks are dropped"},
	{ecsService, nlb + "aws_vpc_security_group_ingress_rule.listener", "the service is up before clients reach it"},
	{ecsService, nlb + "aws_vpc_security_group_egress_rule.tasks", "health checks of the first tasks are dropped"},
	{"module.daemon.aws_ecs_service.this", "aws_ecs_cluster_capacity_providers.this", "without instances no agent stops the daemons' tasks"},
	{"module.daemon.aws_ecs_service.this", "aws_iam_role_policy.execution", "no daemon can pull its image"},
	{instances, "module.instances.aws_iam_role_policy_attachment.instance", "instances that have lost their permissions can't stop their tasks"},
	{instances, "module.instances.aws_iam_role_policy.instance", "instances that have lost their permissions can't stop their tasks"},
	{instances, "module.instances.aws_vpc_security_group_egress_rule.backend_ipv4", "instances that reach nothing can't stop their tasks"},
	{instances, "module.instances.aws_vpc_security_group_egress_rule.backend_ipv6", "instances that reach nothing can't stop their tasks"},
	{alb + "aws_lb_listener.ssl", alb + "aws_acm_certificate_validation.this", "Elastic Load Balancing refuses a certificate that is not issued"},
	{"aws_lb_listener.extra", alb + "aws_acm_certificate_validation.this", "Elastic Load Balancing refuses a certificate that is not issued"},
	{alb + "aws_acm_certificate_validation.this", alb + "aws_route53_record.validation", "ACM issues no certificate without"},
	{alb + "aws_acm_certificate_validation.this", alb + "aws_route53_record.caa", "a parent's CAA record may keep ACM from issuing"},
}

// outOfOrder lists the orders that Terraform does not keep.
func outOfOrder(needs map[string][]string) []string {
	var faults []string
	for _, o := range orders {
		if !reaches(needs, o.resource, o.after) {
			faults = append(faults, fmt.Sprintf("%s does not wait for %s: %s", o.resource, o.after, o.reason))
		}
	}
	return faults
}

// reaches reports whether a resource depends on another one, be it by way of others.
func reaches(needs map[string][]string, from, to string) bool {
	seen := map[string]bool{}
	next := []string{from}
	for len(next) > 0 {
		node := next[0]
		next = next[1:]
		if seen[node] {
			continue
		}
		if node == to {
			return true
		}
		seen[node] = true
		next = append(next, needs[node]...)
	}
	return false
}

// explicitOrders are what the service must name in its depends_on, also where another
// argument refers to it: that one is there for another purpose, and may go.
func explicitOrders() []string {
	var after []string
	for _, o := range orders {
		if o.resource == ecsService && !strings.HasPrefix(o.after, "module.") {
			after = append(after, o.after)
		}
	}
	return after
}

// dependsOn lists the depends_on of a resource in a file.
func dependsOn(path, resource string) ([]string, error) {
	file, diagnostics := hclparse.NewParser().ParseHCLFile(path)
	if diagnostics.HasErrors() {
		return nil, fmt.Errorf("looking for depends_on: %w", diagnostics)
	}
	var names []string
	for _, block := range file.Body.(*hclsyntax.Body).Blocks {
		attribute, ok := block.Body.Attributes["depends_on"]
		if !ok || block.Type != "resource" || strings.Join(block.Labels, ".") != resource {
			continue
		}
		elements, diagnostics := hcl.ExprList(attribute.Expr)
		if diagnostics.HasErrors() {
			return nil, fmt.Errorf("depends_on of %s: %w", resource, diagnostics)
		}
		for _, element := range elements {
			names = append(names, string(element.Range().SliceBytes(file.Bytes)))
		}
	}
	return names, nil
}

// Each order is missed when what keeps it is gone.
func TestOutOfOrder(t *testing.T) {
	t.Parallel()
	whole := func() map[string][]string {
		needs := map[string][]string{}
		for _, o := range orders {
			needs[o.resource] = append(needs[o.resource], o.after)
		}
		return needs
	}
	require.Empty(t, outOfOrder(whole()))
	needs := whole()
	needs[ecsService] = []string{"aws_lb_listener.extra"} // which needs a certificate
	faults := outOfOrder(needs)
	others := 0
	for _, o := range orders {
		if o.resource == ecsService && !slices.Contains(needs[ecsService], o.after) {
			others++
		}
	}
	assert.Len(t, faults, others)
	assert.Contains(t, faults, "aws_ecs_service.this does not wait for aws_iam_role_policy.execution: no task can pull its image, or read its secrets")
	assert.True(t, reaches(needs, ecsService, alb+"aws_route53_record.caa"), "by way of others")
	assert.False(t, reaches(needs, alb+"aws_route53_record.caa", ecsService))
}
