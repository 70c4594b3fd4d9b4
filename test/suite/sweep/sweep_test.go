package sweep_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/client/stack"
	"github.com/infrahouse/terraform-aws-ecs/test/localcloud"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/awsapi"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/sweep"
)

var tags = sweep.Tags{Run: "test-run", Started: "test-started"}

// tag tags a resource of EC2 as a run would.
func tag(t *testing.T, c *stack.Cloud, id, run string) {
	t.Helper()
	c.Query(t, "ec2", "CreateTags", map[string]string{
		"ResourceId.1": id, "Tag.1.Key": tags.Run, "Tag.1.Value": run,
		"Tag.2.Key": tags.Started, "Tag.2.Value": "2026-01-31T12:00:00Z",
	}, nil)
}

func TestFind(t *testing.T) {
	t.Parallel()
	c := localcloud.Start(t)
	service := stack.New(t, c, stack.Plan{NoService: true})
	tag(t, c, service.VPC, "b")
	tag(t, c, service.Subnets[0], "a")
	const trust = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs.amazonaws.com"}}]}`
	for name, run := range map[string]string{"mine": "a", "others": ""} {
		role := map[string]string{"RoleName": name, "AssumeRolePolicyDocument": trust}
		profile := map[string]string{"InstanceProfileName": name, "Path": "/ecs/"}
		if run != "" {
			for _, in := range []map[string]string{role, profile} {
				in["Tags.member.1.Key"], in["Tags.member.1.Value"] = tags.Run, run
			}
		}
		c.Query(t, "iam", "CreateRole", role, nil)
		c.Query(t, "iam", "CreateInstanceProfile", profile, nil)
	}
	c.Query(t, "autoscaling", "CreateOrUpdateTags", map[string]string{
		"Tags.member.1.Key": tags.Run, "Tags.member.1.Value": "a", "Tags.member.1.PropagateAtLaunch": "true",
		"Tags.member.1.ResourceId": service.Plan.Name, "Tags.member.1.ResourceType": "auto-scaling-group",
	}, nil)

	found, err := sweep.Find(t.Context(), awsapi.New(c.Config), tags)
	require.NoError(t, err)
	types := map[string][]string{}
	for _, r := range found {
		types[r.Run] = append(types[r.Run], r.Type)
		if r.Type == "aws_vpc" {
			assert.Equal(t, time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC), r.Started)
		}
	}
	assert.Equal(t, map[string][]string{
		"a": {"aws_autoscaling_group", "aws_iam_instance_profile", "aws_iam_role", "aws_subnet"},
		"b": {"aws_vpc"},
	}, types, "instances go with their group, and what has no tag is not found")
}

// state is what the tests read of a state.
type state struct {
	Resources []struct {
		Type      string
		Provider  string
		Instances []struct {
			Key           string `json:"index_key"`
			SchemaVersion int    `json:"schema_version"`
			Attributes    map[string]any
			Dependencies  []string
		}
	}
}

func TestStateDestroysWhatUsesBeforeWhatIsUsed(t *testing.T) {
	t.Parallel()
	var resources []sweep.Resource
	for _, terraform := range []string{"aws_vpc", "aws_ecs_service", "aws_subnet", "aws_autoscaling_group", "aws_nat_gateway", "aws_iam_role", ""} {
		resources = append(resources, sweep.Resource{Type: terraform, Key: "the " + terraform, Run: "a"})
	}
	text, err := sweep.State(resources, "registry.example.com")
	require.NoError(t, err)
	var made state
	require.NoError(t, json.Unmarshal(text, &made))
	dependencies := map[string][]string{}
	for _, resource := range made.Resources {
		assert.Equal(t, `provider["registry.example.com/hashicorp/aws"]`, resource.Provider)
		require.Len(t, resource.Instances, 1)
		dependencies[resource.Type] = resource.Instances[0].Dependencies
	}
	assert.Len(t, dependencies, 6, "what has no type can't be in a state")
	for user, used := range map[string]string{
		"aws_ecs_service": "aws_autoscaling_group", "aws_autoscaling_group": "aws_nat_gateway", "aws_nat_gateway": "aws_subnet", "aws_subnet": "aws_vpc",
	} {
		assert.Contains(t, dependencies[user], used+".left", "%s is destroyed before %s", user, used)
		assert.NotContains(t, dependencies[used], user+".left")
	}
	assert.Contains(t, dependencies["aws_ecs_service"], "aws_iam_role.left", "agents need their role until the services are gone")

	there, err := sweep.Existing(resources, []byte(`{"resources": [{"type": "aws_vpc", "instances": [{"index_key": "the aws_vpc"}]}]}`))
	require.NoError(t, err)
	assert.Equal(t, resources[:1], there)
}

// Every type that can be found has its place in the order of the removal: one
// without would be shown as gone.
func TestStateHoldsEveryTypeThatIsFound(t *testing.T) {
	t.Parallel()
	for _, terraform := range sweep.Types() {
		resources := []sweep.Resource{{Type: terraform, Key: "one"}}
		text, err := sweep.State(resources, "registry.example.com")
		require.NoError(t, err)
		there, err := sweep.Existing(resources, text)
		require.NoError(t, err)
		assert.Equal(t, resources, there, terraform)
	}
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	const account = "us-west-2:123456789012:"
	tests := map[string]struct{ terraform, id string }{
		"arn:aws:autoscaling:" + account + "autoScalingGroup:1-2:autoScalingGroupName/web": {"aws_autoscaling_group", "web"},
		"arn:aws:cloudwatch:" + account + "alarm:web: cpu":                                 {"aws_cloudwatch_metric_alarm", "web: cpu"},
		"arn:aws:ec2:" + account + "natgateway/nat-1":                                      {"aws_nat_gateway", "nat-1"},
		"arn:aws:ecs:" + account + "task-definition/web:7":                                 {"aws_ecs_task_definition", "web"},
		"arn:aws:ecs:" + account + "service/web/web":                                       {"aws_ecs_service", "arn:aws:ecs:" + account + "service/web/web"},
		"arn:aws:glue:" + account + "database/logs":                                        {"aws_glue_catalog_database", "123456789012:logs"},
		"arn:aws:iam::123456789012:instance-profile/ecs/web":                               {"aws_iam_instance_profile", "web"},
		"arn:aws:logs:" + account + "log-group:/ecs/web:*":                                 {"aws_cloudwatch_log_group", "/ecs/web"},
		"arn:aws:route53:::hostedzone/Z1":                                                  {"aws_route53_zone", "Z1"},
		"arn:aws:s3:::web-access-log":                                                      {"aws_s3_bucket", "web-access-log"},
		"arn:aws:sns:" + account + "web-alarms":                                            {"aws_sns_topic", "arn:aws:sns:" + account + "web-alarms"},
		"arn:aws:ssm:" + account + "parameter/web/key":                                     {"aws_ssm_parameter", "/web/key"},
		"arn:aws:ssm:" + account + "parameter/web":                                         {"aws_ssm_parameter", "web"},
		"arn:aws:elasticloadbalancing:" + account + "loadbalancer/app/web/1":               {"aws_lb", "arn:aws:elasticloadbalancing:" + account + "loadbalancer/app/web/1"},
		"arn:aws:cloudformation:" + account + "stackset/web:1":                             {"", ""},
		"no arn": {"", ""},
	}
	for arn, want := range tests {
		terraform, id := sweep.Identify(arn)
		assert.Equal(t, want, struct{ terraform, id string }{terraform, id}, arn)
	}
}
