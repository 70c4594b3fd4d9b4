package ecs_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

// What refusals.md says, beyond what the other tests hold.

func TestRulesOfTheTable(t *testing.T) {
	t.Parallel()
	wiretest.Refusals(t, newCloud(t).service.Wire(), ecs.Refusals, ecs.RefusalCode)
}

// object is a JSON object.
type object = map[string]any

// raw sends what clients check before they send it.
type raw struct {
	t      *testing.T
	server *wiretest.Server
}

func (c *cloud) raw() raw { return raw{c.t, wiretest.NewServer(c.t, c.account, c.service.Wire())} }

func (r raw) call(operation string, in object) *wiretest.Reply {
	r.t.Helper()
	return r.server.JSON(r.t, "ecs", "AmazonEC2ContainerServiceV20141113."+operation, in, nil)
}

// refused is a case of a table of refusals.
type refused struct {
	operation     string
	in            object
	code, message string
}

func (r raw) refused(cases map[string]refused) {
	r.t.Helper()
	for name, test := range cases {
		r.t.Run(name, func(t *testing.T) {
			reply := raw{t, r.server}.call(test.operation, test.in)
			assert.Equal(t, test.code, reply.Code, reply.Message)
			assert.Contains(t, reply.Message, test.message)
		})
	}
}

const (
	badParameter = "InvalidParameterException"
	badClient    = "ClientException"
)

func TestBlanks(t *testing.T) {
	t.Parallel()
	many := make([]string, 101)
	stack(t).raw().refused(map[string]refused{
		"family":                {"RegisterTaskDefinition", object{"containerDefinitions": []object{{}}}, badClient, "Family can not be blank."},
		"containers":            {"RegisterTaskDefinition", object{"family": "a"}, badClient, "Container list cannot be empty."},
		"task definition":       {"RunTask", object{"cluster": "main"}, badParameter, "TaskDefinition can not be blank."},
		"services":              {"DescribeServices", object{"cluster": "main"}, badParameter, "Services cannot be empty"},
		"eleven services":       {"DescribeServices", object{"cluster": "main", "services": many[:11]}, badParameter, "at most 10: 11"},
		"tasks":                 {"DescribeTasks", object{"cluster": "main"}, badParameter, "Tasks cannot be empty"},
		"101 tasks":             {"DescribeTasks", object{"cluster": "main", "tasks": many}, badParameter, "at most 100: 101"},
		"instances":             {"DescribeContainerInstances", object{"cluster": "main"}, badParameter, "Container instances cannot be empty"},
		"101 instances":         {"UpdateContainerInstancesState", object{"cluster": "main", "status": "ACTIVE", "containerInstances": many}, badParameter, "at most 100: 101"},
		"definition to show":    {"DescribeTaskDefinition", object{}, badClient, "Unable to describe task definition."},
		"no group":              {"CreateCapacityProvider", object{"name": "p"}, badClient, "must have an autoScalingGroupProvider"},
		"count of a service":    {"CreateService", object{"cluster": "main", "serviceName": "a", "taskDefinition": "a"}, badParameter, "desiredCount is required"},
		"instances to start on": {"StartTask", object{"cluster": "main", "taskDefinition": "none"}, badClient, "TaskDefinition not found."},
	})
}

func TestNames(t *testing.T) {
	t.Parallel()
	group := object{"autoScalingGroupArn": "arn"}
	stack(t).raw().refused(map[string]refused{
		"cluster":               {"CreateCluster", object{"clusterName": "a.b"}, badParameter, `"a.b" must match`},
		"service":               {"CreateService", object{"cluster": "main", "serviceName": strings.Repeat("a", 256)}, badParameter, "up to 255 letters"},
		"provider":              {"CreateCapacityProvider", object{"name": "a b", "autoScalingGroupProvider": group}, badClient, `"a b" must be up to 255`},
		"container insights":    {"CreateCluster", object{"settings": []object{{"name": "containerInsights", "value": "on"}}}, badParameter, `"on"`},
		"provider of a cluster": {"CreateCluster", object{"capacityProviders": []string{"none"}}, badParameter, "'none' was not found"},
	})
}

func TestTokens(t *testing.T) {
	t.Parallel()
	cases := map[string]refused{}
	for _, operation := range []string{
		"ListClusters", "DescribeCapacityProviders", "ListTaskDefinitions", "ListTaskDefinitionFamilies", "ListServices", "ListTasks", "ListContainerInstances",
	} {
		in := object{"nextToken": "made up"}
		if operation == "ListServices" || operation == "ListTasks" || operation == "ListContainerInstances" {
			in["cluster"] = "main"
		}
		cases[operation] = refused{operation, in, badParameter, `Invalid token "made up".`}
	}
	stack(t).raw().refused(cases)
}

func TestUnknownClusters(t *testing.T) {
	t.Parallel()
	c := stack(t)
	c.define("web", web(80))
	fill := object{
		"settings": []object{}, "capacityProviders": []string{}, "defaultCapacityProviderStrategy": []object{}, "serviceName": "a", "taskDefinition": "web",
		"services": []string{"a"}, "service": "a", "containerInstances": []string{"a"}, "containerInstance": "a", "task": "a", "tasks": []string{"a"},
		"protectionEnabled": true, "status": "ACTIVE", "attributes": []object{{"name": "a"}}, "targetType": "container-instance",
	}
	r := c.raw()
	for _, row := range ecs.Refusals.Rows {
		if row.Where != "TestUnknownClusters" {
			continue
		}
		require.Len(t, row.Operations, 24)
		for _, o := range c.service.Wire().Operations {
			in := object{"cluster": "none"}
			for _, member := range o.Members() {
				for name, value := range fill {
					if strings.EqualFold(name, member) && (name != "status" || o.Name == "UpdateContainerInstancesState") && (name != "serviceName" || o.Name == "CreateService") {
						in[name] = value
					}
				}
			}
			for _, name := range row.Operations {
				if name == o.Name {
					assert.Equal(t, "ClusterNotFoundException", r.call(name, in).Code, name)
				}
			}
		}
	}
}

func TestStrategies(t *testing.T) {
	t.Parallel()
	c := stack(t)
	c.define("web", web(80))
	c.groups.make("one", 0, 3, 0, false)
	c.groups.make("two", 0, 3, 0, false)
	r := c.raw()
	for _, name := range []string{"one", "two"} {
		r.call("CreateCapacityProvider", object{"name": name, "autoScalingGroupProvider": object{"autoScalingGroupArn": groupARN(name)}}).OK(t)
	}
	providers := []string{"one", "two"}
	put := object{"cluster": "main", "capacityProviders": providers, "defaultCapacityProviderStrategy": []object{}}
	r.call("PutClusterCapacityProviders", put).OK(t)
	noWeight, twoBases := []object{{"capacityProvider": "one"}}, []object{
		{"capacityProvider": "one", "base": 1, "weight": 1}, {"capacityProvider": "two", "base": 1, "weight": 1},
	}
	for _, call := range []struct {
		operation, member string
		in                object
	}{
		{"CreateCluster", "defaultCapacityProviderStrategy", object{"clusterName": "other", "capacityProviders": providers}},
		{"PutClusterCapacityProviders", "defaultCapacityProviderStrategy", object{"cluster": "main", "capacityProviders": providers}},
		{"CreateService", "capacityProviderStrategy", object{"cluster": "main", "serviceName": "a", "taskDefinition": "web", "desiredCount": 1}},
		{"RunTask", "capacityProviderStrategy", object{"cluster": "main", "taskDefinition": "web"}},
	} {
		for message, strategy := range map[string][]object{
			"Only one capacity provider strategy item may have a base":  twoBases,
			"must have at least one capacity provider with a weight":    noWeight,
			"contains a capacity provider that is not associated with ": {{"capacityProvider": "none", "weight": 1}},
		} {
			in := maps.Clone(call.in)
			in[call.member] = strategy
			reply := r.call(call.operation, in).Refused(t, badParameter)
			assert.Contains(t, reply.Message, message, call.operation)
		}
	}
}

func TestManagedScalingRanges(t *testing.T) {
	t.Parallel()
	c := stack(t)
	c.groups.make("one", 0, 3, 0, false)
	c.groups.make("two", 0, 3, 0, false)
	r := c.raw()
	r.call("CreateCapacityProvider", object{"name": "one", "autoScalingGroupProvider": object{"autoScalingGroupArn": groupARN("one")}}).OK(t)
	for member, test := range map[string]struct {
		words     string
		low, high int
	}{
		"minimumScalingStepSize": {"minimum scaling step size", 1, 10000}, "maximumScalingStepSize": {"maximum scaling step size", 1, 10000},
		"targetCapacity": {"target capacity", 1, 100}, "instanceWarmupPeriod": {"instance warmup period", 0, 10000},
	} {
		for _, value := range []int{test.low - 1, test.high + 1} {
			group := object{"managedScaling": object{"status": "ENABLED", member: value}}
			reply := r.call("UpdateCapacityProvider", object{"name": "one", "autoScalingGroupProvider": group}).Refused(t, badClient)
			assert.Equal(t, "The specified "+test.words+" is invalid.", reply.Message)
			group["autoScalingGroupArn"] = groupARN("two")
			reply = r.call("CreateCapacityProvider", object{"name": "two", "autoScalingGroupProvider": group}).Refused(t, badClient)
			assert.Equal(t, "The specified "+test.words+" is invalid.", reply.Message)
		}
		group := object{"managedScaling": object{"status": "ENABLED", member: test.high}}
		r.call("UpdateCapacityProvider", object{"name": "one", "autoScalingGroupProvider": group}).OK(t)
	}
}

func TestContainers(t *testing.T) {
	t.Parallel()
	definition := func(change func(in, container object)) refused {
		container := object{"name": "web", "image": "httpd", "memory": 64}
		in := object{"family": "web", "containerDefinitions": []object{container}}
		change(in, container)
		return refused{operation: "RegisterTaskDefinition", in: in, code: badClient}
	}
	container := func(member string, value any) refused {
		return definition(func(_, c object) { c[member] = value })
	}
	task := func(member string, value any) refused {
		return definition(func(in, _ object) { in[member] = value })
	}
	port := object{"containerPort": 80, "hostPort": 80}
	cases := map[string]struct {
		refused
		message string
	}{
		"name":        {container("name", "a b"), `"a b" is not valid`},
		"cpu":         {container("cpu", -1), "CPU must not be negative: -1"},
		"memory":      {container("memory", 3), "at least 4 MiB"},
		"task size":   {task("cpu", "much"), `The value "much" is not valid`},
		"task memory": {task("memory", "much"), `The value "much" is not valid`},
		"host port":   {container("portMappings", []object{{"containerPort": 80, "hostPort": 65536}}), "Invalid hostPort 65536"},
		"host port of two": {definition(func(in, c object) {
			c["portMappings"] = []object{port}
			other := maps.Clone(c)
			other["name"] = "other"
			in["containerDefinitions"] = []object{c, other}
		}), "Host port 80/tcp is used by container web and by container other."},
		"name twice": {definition(func(in, c object) { in["containerDefinitions"] = []object{c, c} }), "'web' is not unique"},
		"eleven": {definition(func(in, c object) {
			var eleven []object
			for n := range 11 {
				next := maps.Clone(c)
				next["name"] = fmt.Sprint("c", n)
				eleven = append(eleven, next)
			}
			in["containerDefinitions"] = eleven
		}), "Too many containers: 11"},
		"health check":          {container("healthCheck", object{"command": []string{"curl"}}), "must begin with CMD, CMD-SHELL or NONE"},
		"health check ranges":   {container("healthCheck", object{"command": []string{"CMD", "x"}, "retries": 11}), "retries 11 must be between 1 and 10"},
		"log driver":            {container("logConfiguration", object{"logDriver": "none"}), "none is not a valid log driver. Must be one of [json-file,"},
		"role":                  {task("taskRoleArn", "arn:aws:iam::123456789012:user/x"), "Role is not valid"},
		"link":                  {container("links", []string{"other"}), "links to other, which is not in the task definition"},
		"dependency":            {container("dependsOn", []object{{"containerName": "other", "condition": "START"}}), "depends on other"},
		"volumes from":          {container("volumesFrom", []object{{"sourceContainer": "other"}}), "takes volumes from other"},
		"volume name":           {task("volumes", []object{{"name": "a b"}}), `"a b" is not valid`},
		"volume twice":          {task("volumes", []object{{"name": "a"}, {"name": "a"}}), "'a' is not unique"},
		"ports without network": {definition(func(in, c object) { in["networkMode"], c["portMappings"] = "none", []object{port} }), "not supported with network mode none"},
	}
	flat := map[string]refused{}
	for name, test := range cases {
		test.refused.message = test.message
		flat[name] = test.refused
	}
	newCloud(t).raw().refused(flat)
}

func TestRunTaskRefusals(t *testing.T) {
	t.Parallel()
	c := stack(t)
	c.define("web", web(80))
	run := func(member string, value any) object {
		return object{"cluster": "main", "taskDefinition": "web", member: value}
	}
	c.raw().refused(map[string]refused{
		"count":                 {"RunTask", run("count", 11), badParameter, "Count 11 must be between 1 and 10."},
		"group":                 {"RunTask", run("group", "service:web"), badParameter, `"service:web" must not begin with`},
		"group to start":        {"StartTask", object{"cluster": "main", "taskDefinition": "web", "group": "family:web", "containerInstances": []string{"a"}}, badParameter, `"family:web" must not begin with`},
		"Fargate":               {"RunTask", run("launchType", "FARGATE"), badParameter, "localaws runs tasks on EC2 instances"},
		"no instance to start":  {"StartTask", object{"cluster": "main", "taskDefinition": "web", "containerInstances": []string{}}, badParameter, "1 to 10, 0 were given"},
		"instance of tasks":     {"ListTasks", object{"cluster": "main", "containerInstance": "none"}, badParameter, "does not exist in the cluster"},
		"task":                  {"StopTask", object{"cluster": "main", "task": "none"}, badParameter, "The referenced task was not found."},
		"instance":              {"DeregisterContainerInstance", object{"cluster": "main", "containerInstance": "none"}, badParameter, "does not exist in the cluster"},
		"state of an instance":  {"UpdateContainerInstancesState", object{"cluster": "main", "containerInstances": []string{"a"}, "status": "REGISTERING"}, badParameter, "[ACTIVE, DRAINING]"},
		"filter":                {"ListContainerInstances", object{"cluster": "main", "filter": "!!"}, badParameter, "Invalid expression"},
		"setting without value": {"PutAccountSetting", object{"name": "containerInsights", "value": ""}, badParameter, "must not be empty"},
	})
}

func TestRunTaskIsIdempotent(t *testing.T) {
	t.Parallel()
	c := stack(t)
	c.define("web", web(80))
	c.define("other", web(80))
	run := func(definition string) (*sdk.RunTaskOutput, error) {
		return c.client.RunTask(t.Context(), &sdk.RunTaskInput{Cluster: aws.String("main"), TaskDefinition: &definition, Count: aws.Int32(2), ClientToken: aws.String("once")})
	}
	first, err := run("web")
	require.NoError(t, err)
	require.Len(t, first.Tasks, 2)
	again, err := run("web")
	require.NoError(t, err)
	assert.ElementsMatch(t, arns(first.Tasks), arns(again.Tasks))
	assert.Len(t, c.tasks(types.DesiredStatusRunning), 2)
	_, err = run("other")
	code, _ := refusal(t, err)
	assert.Equal(t, "ConflictException", code)
}

func arns(tasks []types.Task) (all []string) {
	for _, task := range tasks {
		all = append(all, aws.ToString(task.TaskArn))
	}
	return all
}

func TestDefinitionsThatAreGone(t *testing.T) {
	t.Parallel()
	c := stack(t)
	gone, there := c.define("gone", web(80)), c.define("web", web(80))
	r := c.raw()
	r.call("DeregisterTaskDefinition", object{"taskDefinition": gone}).OK(t)
	c.create(there, 1, nil)
	r.refused(map[string]refused{
		"run":               {"RunTask", object{"cluster": "main", "taskDefinition": gone}, badClient, "TaskDefinition is inactive"},
		"update":            {"UpdateService", object{"cluster": "main", "service": "web", "taskDefinition": gone}, badClient, "TaskDefinition is inactive"},
		"update to none":    {"UpdateService", object{"cluster": "main", "service": "web", "taskDefinition": "none"}, badClient, "TaskDefinition not found."},
		"deregister":        {"DeregisterTaskDefinition", object{"taskDefinition": "none:1"}, badClient, "Unable to describe task definition."},
		"delete one in use": {"DeleteTaskDefinitions", object{"taskDefinitions": []string{there}}, badParameter, "still in ACTIVE status"},
	})
}

func TestClustersThatAreNotEmpty(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	for _, name := range []string{"instances", "services", "tasks"} {
		c.cluster(name)
	}
	c.instance("instances", "i-a", "a", "")
	definition := c.define("web", web(80))
	r := c.raw()
	r.call("CreateService", object{"cluster": "services", "serviceName": "web", "taskDefinition": definition, "desiredCount": 0}).OK(t)
	r.call("DeleteCluster", object{"cluster": "instances"}).Refused(t, "ClusterContainsContainerInstancesException")
	r.call("DeleteCluster", object{"cluster": "services"}).Refused(t, "ClusterContainsServicesException")

	// A task that waits for its group's first instance is on none.
	c.groups.make("group", 0, 3, 0, false)
	r.call("CreateCapacityProvider", object{"name": "p", "autoScalingGroupProvider": object{
		"autoScalingGroupArn": groupARN("group"), "managedScaling": object{"status": "ENABLED"},
	}}).OK(t)
	strategy := []object{{"capacityProvider": "p", "weight": 1}}
	r.call("PutClusterCapacityProviders", object{"cluster": "tasks", "capacityProviders": []string{"p"}, "defaultCapacityProviderStrategy": strategy}).OK(t)
	r.call("RunTask", object{"cluster": "tasks", "taskDefinition": definition}).OK(t)
	r.call("DeleteCluster", object{"cluster": "tasks"}).Refused(t, "ClusterContainsTasksException")
}

func TestServicesThatAreGone(t *testing.T) {
	t.Parallel()
	c := stack(t)
	c.create(c.define("web", web(80)), 0, nil)
	r := c.raw()
	service := object{"cluster": "main", "service": "none"}
	for _, operation := range []string{"UpdateService", "DeleteService", "ListServiceDeployments"} {
		r.call(operation, service).Refused(t, "ServiceNotFoundException")
	}
	r.call("ListTasks", object{"cluster": "main", "serviceName": "none"}).Refused(t, "ServiceNotFoundException")
	service["service"] = "web"
	r.call("DeleteService", service).OK(t)
	r.call("UpdateService", service).Refused(t, "ServiceNotActiveException")
	c.settle()
	r.call("DeleteService", service).Refused(t, "ServiceNotFoundException")
}

func TestDeploymentsThatAreGone(t *testing.T) {
	t.Parallel()
	c := stack(t)
	r := c.raw()
	const arn = "arn:aws:ecs:us-west-2:123456789012:service-deployment/main/web/none"
	r.call("StopServiceDeployment", object{"serviceDeploymentArn": arn}).Refused(t, "ServiceDeploymentNotFoundException")
	c.create(c.define("web", web(80)), 1, nil)
	out, err := c.client.ListServiceDeployments(t.Context(), &sdk.ListServiceDeploymentsInput{Cluster: aws.String("main"), Service: aws.String("web")})
	require.NoError(t, err)
	in := object{"serviceDeploymentArn": aws.ToString(out.ServiceDeployments[0].ServiceDeploymentArn), "stopType": "ABORT"}
	reply := r.call("StopServiceDeployment", in).Refused(t, badParameter)
	assert.Contains(t, reply.Message, "does not support ABORT")
}

func TestAttributes(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.cluster("main")
	instance := c.instance("main", "i-a", "a", "")
	r := c.raw()
	put := func(count int) object {
		var attributes []object
		for n := range count {
			attributes = append(attributes, object{"name": fmt.Sprint("a", n), "value": "x", "targetId": instance})
		}
		return object{"cluster": "main", "attributes": attributes}
	}
	r.call("PutAttributes", put(11)).Refused(t, "AttributeLimitExceededException")
	r.call("PutAttributes", put(10)).OK(t)
	for _, operation := range []string{"PutAttributes", "DeleteAttributes"} {
		in := object{"cluster": "main", "attributes": []object{{"name": "a", "targetId": "none"}}}
		r.call(operation, in).Refused(t, "TargetNotFoundException")
		in = object{"cluster": "main", "attributes": []object{{"name": "ecs.a", "targetId": instance}}}
		r.call(operation, in).Refused(t, badParameter)
	}
	r.call("DeleteAttributes", put(10)).OK(t)
}

func TestTagRules(t *testing.T) {
	t.Parallel()
	c := stack(t)
	r := c.raw()
	arn := "arn:aws:ecs:us-west-2:123456789012:cluster/main"
	var many []object
	for n := range 50 {
		many = append(many, object{"key": fmt.Sprint("k", n), "value": ""})
	}
	r.call("TagResource", object{"resourceArn": arn, "tags": many}).OK(t)
	for name, in := range map[string]object{
		"one more": {"resourceArn": arn, "tags": []object{{"key": "more"}}},
		"reserved": {"resourceArn": arn, "tags": []object{{"key": "aws:x"}}},
	} {
		reply := r.call("TagResource", in).Refused(t, badParameter)
		t.Log(name, reply.Message)
	}
	for _, operation := range []string{"TagResource", "UntagResource", "ListTagsForResource"} {
		in := object{"resourceArn": "main"}
		gone := object{"resourceArn": arn + "-gone"}
		for _, request := range []object{in, gone} {
			switch operation {
			case "TagResource":
				request["tags"] = []object{{"key": "a"}}
			case "UntagResource":
				request["tagKeys"] = []string{"a"}
			}
		}
		r.call(operation, in).Refused(t, badParameter)
		r.call(operation, gone).Refused(t, "ResourceNotFoundException")
	}
}
