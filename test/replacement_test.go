package test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
)

// Resources whose replacement depends on what AWS does: names that are taken or
// free, a listener that is there once per port, what is in use by something else.
var (
	replacedOnALB = []string{
		`module.httpd.aws_lb_listener.extra["8081"]`,
		"module.httpd.module.website_pod[0].aws_lb_listener.ssl",
		"module.httpd.module.website_pod[0].aws_lb.this",
	}
	replacedOnNLB = []string{
		`module.httpd.aws_lb_listener.extra["primary"]`,
		"module.httpd.module.tcp_pod[0].aws_lb.this",
		"module.httpd.aws_ecs_cluster.this",
	}
)

// TestReplacement has Terraform replace resources of a running service, one at a
// time, as after a taint: each is one apply, after which every target is healthy,
// every listener answers, and the plan is empty.
func TestReplacement(t *testing.T) {
	t.Parallel()
	run.EachProvider(t, func(t *testing.T, provider providers.Case) {
		l := &lifecycle{d: run.Deployment(t, "lifecycle", provider), name: "anew"}
		defer l.d.Teardown(t)
		l.replaceEach(t, change{
			entries:  `{"web": {"listener_port": 8081, "container_port": 8081}}`,
			versions: map[string]string{"web": "HTTP1"},
		}, replacedOnALB)
	})
}

// TestReplacementOfNLB does the same behind a network load balancer.
func TestReplacementOfNLB(t *testing.T) {
	t.Parallel()
	run.EachProvider(t, func(t *testing.T, provider providers.Case) {
		l := &lifecycle{d: run.Deployment(t, "lifecycle", provider), name: "anewnlb", nlb: true}
		defer l.d.Teardown(t)
		l.replaceEach(t, change{
			entries:  `{"web": {"listener_port": 8081, "container_port": 8081, "protocol": "TCP"}}`,
			versions: map[string]string{"web": ""},
		}, replacedOnNLB)
	})
}

// replaceEach deploys a service and replaces resources of it: those that are
// given, or with TEST_REPLACE_ALL every one, which takes an hour.
func (l *lifecycle) replaceEach(t *testing.T, service change, addresses []string) {
	t.Helper()
	service.name = "the service"
	l.deploy(t, service)
	if os.Getenv("TEST_REPLACE_ALL") != "" {
		all, err := l.d.Managed()
		require.NoError(t, err)
		require.Subset(t, all, addresses, "resources of the service")
		addresses = all
	}
	for _, address := range addresses {
		service.name = "-replace=" + address
		// https://developer.hashicorp.com/terraform/cli/config/environment-variables#tf_cli_args-and-tf_cli_args_name
		l.d.Environment = []string{"TF_CLI_ARGS_apply=-replace='" + address + "'"}
		l.d.Mutate = func(files map[string][]byte) { // or there would be nothing to apply
			files[filepath.Join("test_data", "lifecycle", "replaced.tf")] = fmt.Appendf(nil, "# %s\n", address)
		}
		l.deploy(t, service)
		l.d.Environment = nil
	}
}

// deploy makes a change, waits until the service has settled, and checks every
// target group.
func (l *lifecycle) deploy(t *testing.T, c change) {
	t.Helper()
	l.d.Deploy(t, l.variables(c))
	l.d.Validate(t, func(ctx context.Context, t testing.TB, v *suite.Validation) {
		var outputs serviceOutputs
		require.NoError(t, l.d.Outputs(&outputs))
		groups := l.groups(ctx, t, v, outputs, c)
		unsettled := waitSettled(ctx, v, outputs)
		checkGroups(ctx, t, v, outputs, groups)
		require.NoError(t, unsettled, c.name)
		for _, group := range groups {
			checkAnswer(ctx, t, v.Client(), group)
		}
		v.Result(c.name)
	})
	l.d.Idempotence(t)
}
