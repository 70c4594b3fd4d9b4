package test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite"
	"github.com/infrahouse/terraform-aws-ecs/test/targethealth"
)

// serviceOutputs are the outputs of the fixtures that their checks need.
type serviceOutputs struct {
	ClusterName       string                      `json:"cluster_name"`
	ServiceName       string                      `json:"service_name"`
	ServiceARN        string                      `json:"service_arn"`
	DNSHostnames      []string                    `json:"dns_hostnames"`
	LoadBalancerARN   string                      `json:"load_balancer_arn"`
	TargetGroupARN    string                      `json:"target_group_arn"`
	SSLListenerARN    string                      `json:"ssl_listener_arn"` // "" on an NLB
	ExpectedBodies    map[string]string           `json:"expected_bodies"`
	ExtraTargetGroups map[string]extraTargetGroup `json:"extra_target_groups"`
}

// extraTargetGroup is what the module says of an entry.
type extraTargetGroup struct {
	TargetGroupARN string `json:"target_group_arn"`
	ListenerARN    string `json:"listener_arn"`
	ListenerPort   int    `json:"listener_port"`
	ContainerPort  int32  `json:"container_port"`
	URL            string `json:"url"`
}

// primary is the key of the target group that every service has.
const primary = "primary"

// primaryGroup is the primary target group of a service behind an ALB, with
// what is to be found behind its HTTPS listener.
func (o serviceOutputs) primaryGroup(containerPort int32, path, body string) targethealth.Group {
	return targethealth.Group{
		Key:           primary,
		ARN:           o.TargetGroupARN,
		ListenerARN:   o.SSLListenerARN,
		Listener:      "HTTPS:443",
		ContainerPort: containerPort,
		URL:           "https://" + o.DNSHostnames[0] + path,
		Body:          body,
	}
}

// extraGroups are the extra target groups by their keys.
func (o serviceOutputs) extraGroups() []targethealth.Group {
	var groups []targethealth.Group
	for _, key := range slices.Sorted(maps.Keys(o.ExtraTargetGroups)) {
		extra := o.ExtraTargetGroups[key]
		scheme, _, _ := strings.Cut(extra.URL, ":")
		groups = append(groups, targethealth.Group{
			Key:           key,
			ARN:           extra.TargetGroupARN,
			ListenerARN:   extra.ListenerARN,
			Listener:      fmt.Sprintf("%s:%d", strings.ToUpper(scheme), extra.ListenerPort),
			ContainerPort: extra.ContainerPort,
			URL:           extra.URL + "/",
			Body:          o.ExpectedBodies[key],
		})
	}
	return groups
}

// siteFaults says what is wrong with the sites of a fixture: each target group has
// one, and there is an extra one. No two answer alike, or an answer would not tell
// which port of the container it is from.
func siteFaults(o serviceOutputs) []string {
	var faults []string
	if len(o.ExtraTargetGroups) == 0 {
		faults = append(faults, "there is no extra target group")
	}
	keys := append([]string{primary}, slices.Sorted(maps.Keys(o.ExtraTargetGroups))...)
	first := map[string]string{}
	for _, key := range keys {
		body, ok := o.ExpectedBodies[key]
		other, known := first[body]
		switch {
		case !ok:
			faults = append(faults, fmt.Sprintf("target group %q has no site: output expected_bodies lacks it", key))
		case known:
			faults = append(faults, fmt.Sprintf("%q and %q answer alike: %q", other, key, body))
		default:
			first[body] = key
		}
	}
	for _, key := range slices.Sorted(maps.Keys(o.ExpectedBodies)) {
		if !slices.Contains(keys, key) {
			faults = append(faults, fmt.Sprintf("site %q has no target group", key))
		}
	}
	return faults
}

func TestSiteFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		extra  []string
		bodies map[string]string
		want   []string
	}{
		"each has its own":     {[]string{"a", "b"}, map[string]string{primary: "0", "a": "1", "b": "2"}, nil},
		"an entry more":        {[]string{"a", "b", "c"}, map[string]string{primary: "0", "a": "1", "b": "2", "c": "3"}, nil},
		"all answer alike":     {[]string{"a", "b"}, map[string]string{primary: "0", "a": "0", "b": "0"}, []string{`"primary" and "a" answer alike: "0"`, `"primary" and "b" answer alike: "0"`}},
		"two answer alike":     {[]string{"a", "b"}, map[string]string{primary: "0", "a": "1", "b": "1"}, []string{`"a" and "b" answer alike: "1"`}},
		"an entry has none":    {[]string{"a", "b"}, map[string]string{primary: "0", "a": "1"}, []string{`target group "b" has no site: output expected_bodies lacks it`}},
		"a site is not led to": {[]string{"a"}, map[string]string{primary: "0", "a": "1", "b": "2"}, []string{`site "b" has no target group`}},
		"no entry at all":      {nil, map[string]string{primary: "0"}, []string{"there is no extra target group"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := serviceOutputs{ExpectedBodies: c.bodies, ExtraTargetGroups: map[string]extraTargetGroup{}}
			for _, key := range c.extra {
				o.ExtraTargetGroups[key] = extraTargetGroup{}
			}
			assert.Equal(t, c.want, siteFaults(o))
		})
	}
}

// checkGroups waits until all target groups are healthy and checks how each is
// connected, from its listener to the service's tasks.
func checkGroups(ctx context.Context, t testing.TB, v *suite.Validation, o serviceOutputs, groups []targethealth.Group) targethealth.Snapshot {
	t.Helper()
	seen := v.WaitHealthy(ctx, t, o.ClusterName, o.ServiceName, groups)
	for _, group := range groups {
		checkServiceRegisters(t, seen, group)
		checkPortIsMapped(t, seen, group)
		checkListenerForwards(ctx, t, v.ELB(), group)
		checkTargetsAreTasks(t, seen, group)
	}
	return seen
}

// checkServiceRegisters: the service lists the target group with the group's
// container port.
func checkServiceRegisters(t testing.TB, seen targethealth.Snapshot, group targethealth.Group) {
	t.Helper()
	ports := map[string]int32{}
	for _, lb := range seen.Service.LoadBalancers {
		ports[aws.ToString(lb.TargetGroupArn)] = aws.ToInt32(lb.ContainerPort)
	}
	assert.Equal(t, group.ContainerPort, ports[group.ARN], "container port of target group %q in the service", group.Key)
}

// checkPortIsMapped: the task definition maps the container port, to a host
// port that ECS picks.
func checkPortIsMapped(t testing.TB, seen targethealth.Snapshot, group targethealth.Group) {
	t.Helper()
	checkHostPort(t, seen, group, 0)
}

// checkHostPort: the task definition maps the group's container port to this host
// port.
func checkHostPort(t testing.TB, seen targethealth.Snapshot, group targethealth.Group, hostPort int32) {
	t.Helper()
	mapped := false
	for _, container := range seen.Definition.ContainerDefinitions {
		for _, mapping := range container.PortMappings {
			mapped = mapped || aws.ToInt32(mapping.ContainerPort) == group.ContainerPort && aws.ToInt32(mapping.HostPort) == hostPort
		}
	}
	assert.True(t, mapped, "the task definition maps container port %d of target group %q to host port %d", group.ContainerPort, group.Key, hostPort)
}

// checkListenerForwards: the listener, or for the primary group of an ALB one
// of its rules, forwards to the target group.
func checkListenerForwards(ctx context.Context, t testing.TB, elb *elasticloadbalancingv2.Client, group targethealth.Group) {
	t.Helper()
	listeners, err := elb.DescribeListeners(ctx, &elasticloadbalancingv2.DescribeListenersInput{ListenerArns: []string{group.ListenerARN}})
	require.NoError(t, err)
	require.Len(t, listeners.Listeners, 1)
	listener := listeners.Listeners[0]
	assert.Equal(t, group.Listener, listenerName(listener), "protocol and port of the listener of %q", group.Key)

	actions := listener.DefaultActions
	if group.Key == primary && listener.Protocol == elbtypes.ProtocolEnumHttps {
		rules, err := elb.DescribeRules(ctx, &elasticloadbalancingv2.DescribeRulesInput{ListenerArn: &group.ListenerARN})
		require.NoError(t, err)
		for _, rule := range rules.Rules {
			actions = append(actions, rule.Actions...)
		}
	}
	assert.Contains(t, forwardedTo(actions), group.ARN, "the target groups to which the listener of %q forwards", group.Key)
}

// listenerName is protocol:port, such as HTTPS:8081.
func listenerName(listener elbtypes.Listener) string {
	return fmt.Sprintf("%s:%d", listener.Protocol, aws.ToInt32(listener.Port))
}

// listenersOf are all listeners of a load balancer by protocol:port.
func listenersOf(ctx context.Context, t testing.TB, elb *elasticloadbalancingv2.Client, loadBalancerARN string) map[string]elbtypes.Listener {
	t.Helper()
	listeners, err := elb.DescribeListeners(ctx, &elasticloadbalancingv2.DescribeListenersInput{LoadBalancerArn: &loadBalancerARN})
	require.NoError(t, err)
	byName := map[string]elbtypes.Listener{}
	for _, listener := range listeners.Listeners {
		byName[listenerName(listener)] = listener
	}
	return byName
}

// forwardedTo are the target groups of forward actions, in either notation.
func forwardedTo(actions []elbtypes.Action) []string {
	var arns []string
	for _, action := range actions {
		if action.Type != elbtypes.ActionTypeEnumForward {
			continue
		}
		if arn := aws.ToString(action.TargetGroupArn); arn != "" {
			arns = append(arns, arn)
		}
		if action.ForwardConfig != nil {
			for _, tuple := range action.ForwardConfig.TargetGroups {
				arns = append(arns, aws.ToString(tuple.TargetGroupArn))
			}
		}
	}
	return arns
}

// checkTargetsAreTasks: the group's targets are just the instances and host
// ports that the service's running tasks bound to the group's container port.
func checkTargetsAreTasks(t testing.TB, seen targethealth.Snapshot, group targethealth.Group) {
	t.Helper()
	var bound, registered []string
	for _, task := range seen.Tasks {
		for _, port := range task.Ports {
			if port.ContainerPort == group.ContainerPort {
				bound = append(bound, fmt.Sprintf("%s:%d", task.InstanceID, port.HostPort))
			}
		}
	}
	for _, target := range seen.Targets[group.Key] {
		registered = append(registered, fmt.Sprintf("%s:%d", target.InstanceID, target.HostPort))
	}
	assert.ElementsMatch(t, bound, registered, "instances and host ports bound to container port %d, and the targets of %q", group.ContainerPort, group.Key)
}

// checkAnswer: a request through the listener, its certificate verified, gets
// the body that only this container port serves.
func checkAnswer(ctx context.Context, t testing.TB, client *http.Client, group targethealth.Group) {
	t.Helper()
	require.NotEmpty(t, group.Body, "body that %q should serve", group.Key)
	status, body, err := targethealth.Get(ctx, client, group.URL)
	if assert.NoError(t, err, "GET %s (%s)", group.URL, group.Key) {
		assert.Equal(t, http.StatusOK, status, "status of GET %s (%s)", group.URL, group.Key)
		assert.Equal(t, group.Body, strings.TrimSpace(body), "body of GET %s (%s)", group.URL, group.Key)
	}
}

// checkRedirect: port 80 of an ALB sends browsers to its HTTPS listener.
func checkRedirect(ctx context.Context, t testing.TB, client *http.Client, host string) {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+host+"/", nil)
	require.NoError(t, err)
	response, err := client.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	assert.Equal(t, http.StatusMovedPermanently, response.StatusCode, "status of GET %s", request.URL)
	assert.Equal(t, "https://"+host+":443/", response.Header.Get("Location"), "where GET %s leads", request.URL)
}
