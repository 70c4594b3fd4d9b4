package ecsagent_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/iam"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/logs"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/ecsagent"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/loopback"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/machines"
)

const (
	deadline   = 20 * time.Second
	instanceID = "i-00000000000000001"
	role       = "arn:aws:iam::123456789012:role/instance"
	execution  = "arn:aws:iam::123456789012:role/execution"
	userData   = "#cloud-config\nwrite_files:\n- path: /etc/ecs/ecs.config\n  content: |\n    ECS_CLUSTER=web\n"
)

// cloud is everything around the agents, guarded by the account's lock.
type cloud struct {
	*core.Account
	network   *loopback.Network
	directory string

	instance   ec2.Instance
	gone       bool
	ecsImage   bool
	profile    iam.Profile
	noProfile  bool
	denied     map[string]bool // actions
	noTrust    map[string]bool // service principals
	unroutable error

	clusters    []string
	registered  []ecs.Registration
	arn         string
	connected   bool
	assignments []ecs.Assignment
	reports     []report
	usages      []usage
	runtime     containers.Runtime // nil: the embedded one
	files       ecsagent.FileSystems
	groups      map[string]bool
	events      map[string][]string // by group:stream
	parameters  map[string]string
}

type report struct {
	task string
	ecs.TaskReport
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	network, err := loopback.Claim(t.Context(), 0)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, network.Close()) })
	address, err := network.Allocate()
	require.NoError(t, err)
	return &cloud{
		Account: core.New("us-west-2", clock.New(0), slog.New(slog.NewTextHandler(io.Discard, nil))),
		network: network, directory: t.TempDir(), ecsImage: true,
		instance: ec2.Instance{
			ID: instanceID, Type: "t3.micro", ImageID: "ami-1", State: ec2.StateRunning, UserData: []byte(userData),
			ProfileARN: "arn:profile", InterfaceID: "eni-1", PrivateIP: "10.0.0.5", Address: address,
		},
		profile: iam.Profile{Name: "profile", ARN: "arn:profile", RoleARN: role},
		denied:  map[string]bool{}, noTrust: map[string]bool{}, clusters: []string{"web"},
		groups: map[string]bool{"/ecs/web": true}, events: map[string][]string{}, parameters: map[string]string{},
	}
}

func (c *cloud) Instances() []ec2.Instance {
	if c.gone {
		return nil
	}
	return []ec2.Instance{c.instance}
}
func (c *cloud) Instance(id string) (ec2.Instance, bool) {
	return c.instance, !c.gone && id == c.instance.ID
}
func (c *cloud) Image(id string) (ec2.Image, bool) {
	return ec2.Image{ID: id, Name: "image", ECSOptimized: c.ecsImage}, true
}
func (c *cloud) InstanceType(string) (ec2.InstanceType, bool) {
	return ec2.InstanceType{Name: "t3.micro", VCPUs: 2, MemoryMiB: 1024}, true
}
func (c *cloud) InternetAccess(string) error { return c.unroutable }

func (c *cloud) InstanceProfile(string) (iam.Profile, bool) { return c.profile, !c.noProfile }
func (c *cloud) Allows(_, action, _ string) (bool, string) {
	return !c.denied[action], "no statement allows it"
}
func (c *cloud) CanAssume(role, principal string) (bool, string) {
	return !c.noTrust[principal], "the trust policy of " + role + " does not let " + principal + " assume it"
}

func (c *cloud) Register(r ecs.Registration) (string, error) {
	if !slices.Contains(c.clusters, r.Cluster) {
		return "", errors.New("ClusterNotFoundException: Cluster not found.")
	}
	c.registered = append(c.registered, r)
	c.arn, c.connected = "arn:aws:ecs:us-west-2:123456789012:container-instance/web/1", true
	c.Changed()
	return c.arn, nil
}

func (c *cloud) SetAgentConnected(_ string, connected bool) {
	if c.connected != connected {
		c.connected = connected
		c.Changed()
	}
}
func (c *cloud) Deregister(string)                         { c.arn = ""; c.Changed() }
func (c *cloud) ContainerInstanceOf(string) (string, bool) { return c.arn, c.arn != "" }
func (c *cloud) Assignments(string) []ecs.Assignment       { return slices.Clone(c.assignments) }
func (c *cloud) CreateGroup(group string) error            { c.groups[group] = true; return nil }
func (c *cloud) Parameter(name string) (string, bool)      { v, ok := c.parameters[name]; return v, ok }
func (c *cloud) SecretValue(n, _, _ string) (string, bool) { v, ok := c.parameters[n]; return v, ok }

// Report does what ECS does: a stopped task is assigned no more.
func (c *cloud) Report(task string, r ecs.TaskReport) {
	c.reports = append(c.reports, report{task, r})
	for i := range c.assignments {
		a := &c.assignments[i]
		if a.TaskARN != task {
			continue
		}
		a.Status = r.Status
		a.Bindings = map[string][]types.NetworkBinding{}
		for _, container := range r.Containers {
			a.Bindings[container.Name] = container.Bindings
		}
	}
	c.assignments = slices.DeleteFunc(c.assignments, func(a ecs.Assignment) bool { return a.Status == "STOPPED" })
	c.Changed()
}

func (c *cloud) CreateStream(group, stream string) error {
	if !c.groups[group] {
		return errors.New("ResourceNotFoundException: The specified log group does not exist.")
	}
	c.events[group+":"+stream] = []string{}
	return nil
}

func (c *cloud) Put(group, stream string, events []logs.Event) error {
	for _, e := range events {
		c.events[group+":"+stream] = append(c.events[group+":"+stream], e.Message)
	}
	return nil
}

func (c *cloud) ReportUsage(task string, cpuUnits, memoryMiB float64) {
	c.usages = append(c.usages, usage{task, cpuUnits, memoryMiB})
}

// run starts the machines; the function that it returns ends them.
func (c *cloud) run(t *testing.T) (*machines.Machines, func()) {
	t.Helper()
	if c.runtime == nil {
		c.runtime = embedded.New(c.Clock, c.network, nil)
	}
	agents := ecsagent.New(c.Account, ecsagent.Deps{
		EC2: c, Control: c, Roles: c, Logs: c, Runtime: c.runtime, Network: c.network,
		Parameters: c, Secrets: c, Files: c.files,
	})
	all := machines.New(c.Account, machines.Deps{
		Instances: c, Roles: c, Service: agents, Network: c.network, Directory: c.directory,
	})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { all.Run(ctx) })
	var once sync.Once
	stop := func() { once.Do(func() { cancel(); running.Wait() }) }
	t.Cleanup(stop)
	return all, stop
}

func (c *cloud) change(f func()) {
	c.Do(f)
	c.Changed()
}

// eventually waits for a condition, which is called under the account's lock.
func (c *cloud) eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	ok := assert.Eventually(t, func() bool {
		var truth bool
		c.Do(func() { truth = condition() })
		return truth
	}, deadline, 5*time.Millisecond)
	if !ok {
		c.Do(func() { require.Failf(t, what, "reports: %+v\nevents: %v", c.reports, c.events) })
	}
}

func webTask(id string, change func(*types.ContainerDefinition)) ecs.Assignment {
	d := types.ContainerDefinition{
		Name: aws.String("web"), Image: aws.String("httpd:2.4"), Memory: aws.Int32(128),
		PortMappings: []types.PortMapping{{ContainerPort: aws.Int32(80), HostPort: aws.Int32(0)}, {ContainerPort: aws.Int32(8081)}},
		LogConfiguration: &types.LogConfiguration{
			LogDriver: types.LogDriverAwslogs,
			Options:   map[string]string{"awslogs-group": "/ecs/web", "awslogs-stream-prefix": "app", "awslogs-region": "us-west-2"},
		},
	}
	if change != nil {
		change(&d)
	}
	return ecs.Assignment{
		TaskARN: "arn:task/" + id, TaskID: id, ClusterName: "web", Family: "web", Revision: 1, ExecutionRoleARN: execution,
		NetworkMode: types.NetworkModeBridge, Containers: []types.ContainerDefinition{d}, Status: "PENDING",
	}
}

func (c *cloud) last(task string) (r ecs.TaskReport, ok bool) {
	for _, report := range c.reports {
		if report.task == task {
			r, ok = report.TaskReport, true
		}
	}
	return r, ok
}

func (c *cloud) awaitStatus(t *testing.T, task, status string) ecs.TaskReport {
	t.Helper()
	var r ecs.TaskReport
	c.eventually(t, task+" is not "+status, func() bool {
		var ok bool
		r, ok = c.last(task)
		return ok && r.Status == status
	})
	return r
}

func (c *cloud) get(t *testing.T, port int32) (string, error) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return c.network.Dial(ctx, netip.Addr{}, netip.AddrPortFrom(c.instance.Address, uint16(port)))
	}}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://web.test/", nil)
	require.NoError(t, err)
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

func (c *cloud) awaitServed(t *testing.T, port int32, want string) {
	t.Helper()
	require.EventuallyWithT(t, func(collect *assert.CollectT) {
		body, err := c.get(t, port)
		assert.NoError(collect, err)
		assert.Contains(collect, body, want)
	}, deadline, 10*time.Millisecond)
}

func TestInstanceJoinsTheClusterOfItsUserData(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	machines, _ := c.run(t)
	c.eventually(t, "not registered", func() bool { return len(c.registered) == 1 })
	r := c.registered[0]
	assert.Equal(t, "web", r.Cluster)
	assert.Equal(t, 2048, r.CPUUnits)
	assert.Equal(t, 937, r.MemoryMiB)
	assert.Contains(t, strings.Join(machines.BootLog(instanceID), "\n"), "registered as a container instance of cluster web")
}

// Why an instance does not join, each case as it would look on AWS.
func TestJoinFailures(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*cloud)
		want   string
	}{
		"an image without the agent":   {func(c *cloud) { c.ecsImage = false }, "has no ECS agent"},
		"another cluster's name":       {func(c *cloud) { c.clusters = []string{"other"} }, "ClusterNotFoundException: Cluster not found. (ECS_CLUSTER=web"},
		"no user data":                 {func(c *cloud) { c.instance.UserData = nil }, "(ECS_CLUSTER=default"},
		"no instance profile":          {func(c *cloud) { c.instance.ProfileARN = "" }, "has no instance profile"},
		"a profile that is not there":  {func(c *cloud) { c.noProfile = true }, "does not exist"},
		"a profile without a role":     {func(c *cloud) { c.profile.RoleARN = "" }, "has no role"},
		"a role that EC2 can't assume": {func(c *cloud) { c.noTrust["ec2.amazonaws.com"] = true }, "does not let ec2.amazonaws.com assume it"},
		"no permission to register":    {func(c *cloud) { c.denied["ecs:RegisterContainerInstance"] = true }, "not authorized to perform ecs:RegisterContainerInstance"},
		"no way to the internet":       {func(c *cloud) { c.unroutable = errors.New("no route") }, "can't reach ecs.us-west-2.amazonaws.com: no route"},
		"settings that make no sense":  {func(c *cloud) { c.instance.UserData = []byte("#!/bin/sh\necho ECS_CLUSTER > /etc/ecs/ecs.config") }, `"ECS_CLUSTER" is not NAME=value`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t)
			test.change(c)
			machines, _ := c.run(t)
			assert.EventuallyWithT(t, func(collect *assert.CollectT) {
				assert.Contains(collect, strings.Join(machines.BootLog(instanceID), "\n"), test.want)
			}, deadline, 5*time.Millisecond)
			c.Do(func() { assert.Empty(t, c.registered) })
		})
	}
}

func TestJoinsOnceTheReasonIsGone(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.clusters = nil
	machines, _ := c.run(t)
	assert.Eventually(t, func() bool { return len(machines.BootLog(instanceID)) > 0 }, deadline, 5*time.Millisecond)
	c.change(func() { c.clusters = []string{"web"} })
	c.eventually(t, "not registered", func() bool { return c.connected })
}

func TestUserDataScripts(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.instance.UserData = []byte("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"==\"\n\n" +
		"--==\nContent-Type: text/cloud-config\n\n#cloud-config\nwrite_files:\n- {path: /opt/name, content: " +
		base64.StdEncoding.EncodeToString([]byte("web")) + ", encoding: b64}\nruncmd:\n- [sh, -c, 'echo ECS_CLUSTER=$(cat /opt/name) >> /etc/ecs/ecs.config']\n" +
		"--==\nContent-Type: text/x-shellscript\n\n#!/bin/bash\nset -euo pipefail\nsystemctl restart ecs\necho 'ECS_INSTANCE_ATTRIBUTES={\"tier\":\"front\"}' >> /etc/ecs/ecs.config\n--==--\n")
	machines, _ := c.run(t)
	c.eventually(t, "not registered", func() bool { return len(c.registered) == 1 })
	assert.Equal(t, "web", c.registered[0].Cluster)
	assert.Equal(t, "front", c.registered[0].Attributes["tier"])
	assert.Contains(t, machines.BootLog(instanceID)[0], "systemctl restart ecs: has no effect")
}

func TestTaskRunsServesLogsAndStops(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.assignments = []ecs.Assignment{webTask("t1", func(d *types.ContainerDefinition) {
		d.Environment = []types.KeyValuePair{{Name: aws.String("GREETING"), Value: aws.String("hello")}}
		d.Command = []string{"sh", "-c", `printf '%s from %s' "$GREETING" "$ECS_CONTAINER_METADATA_URI_V4" > htdocs/index.html && exec httpd-foreground`}
	})}
	c.run(t)
	r := c.awaitStatus(t, "arn:task/t1", "RUNNING")
	bindings := r.Containers[0].Bindings
	require.Len(t, bindings, 2)
	for _, b := range bindings {
		assert.GreaterOrEqual(t, *b.HostPort, int32(32768))
		assert.LessOrEqual(t, *b.HostPort, int32(60999))
	}
	c.awaitServed(t, *bindings[0].HostPort, "hello from http://169.254.170.2/v4/")
	_, err := c.get(t, *bindings[1].HostPort)
	require.Error(t, err, "nothing listens on 8081")
	c.eventually(t, "no log", func() bool {
		return strings.Contains(strings.Join(c.events["/ecs/web:app/web/t1"], "\n"), `"GET / HTTP/1.1" 200`)
	})
	c.change(func() { c.assignments[0].Stop = true })
	r = c.awaitStatus(t, "arn:task/t1", "STOPPED")
	assert.Equal(t, int32(0), *r.Containers[0].ExitCode)
	assert.Empty(t, r.StoppedReason, "ECS knows why")
	assert.NoDirExists(t, c.directory+"/"+instanceID+"/tasks/t1")
	_, err = c.get(t, *bindings[0].HostPort)
	require.Error(t, err, "the port is free")
	var statuses []string
	c.Do(func() {
		for _, r := range c.reports {
			if len(statuses) == 0 || statuses[len(statuses)-1] != r.Status {
				statuses = append(statuses, r.Status)
			}
		}
	})
	assert.Equal(t, []string{"PENDING", "RUNNING", "STOPPED"}, statuses)
}

// What keeps a task from starting, with the reason that ECS shows.
func TestTaskFailures(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cloud  func(*cloud)
		define func(*types.ContainerDefinition)
		want   string
		code   types.TaskStopCode
	}{
		"an unknown image": {
			nil, func(d *types.ContainerDefinition) { d.Image = aws.String("acme/nothing") },
			"CannotPullContainerError: Error response from daemon: pull access denied for acme/nothing, repository does not exist", types.TaskStopCodeTaskFailedToStart,
		},
		"a role that tasks can't assume": {
			func(c *cloud) { c.noTrust["ecs-tasks.amazonaws.com"] = true }, nil,
			"ECS was unable to assume the role '" + execution + "'", types.TaskStopCodeTaskFailedToStart,
		},
		"no log group": {
			func(c *cloud) { c.groups = nil }, nil,
			"ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException", types.TaskStopCodeTaskFailedToStart,
		},
		"no permission to make the log group": {
			func(c *cloud) { c.groups, c.denied["logs:CreateLogGroup"] = nil, true },
			func(d *types.ContainerDefinition) { d.LogConfiguration.Options["awslogs-create-group"] = "true" },
			"is not authorized to perform: logs:CreateLogGroup on resource: arn:aws:logs:us-west-2:", types.TaskStopCodeTaskFailedToStart,
		},
		"no permission to write logs": {
			func(c *cloud) { c.denied["logs:CreateLogStream"] = true }, nil,
			"is not authorized to perform: logs:CreateLogStream", types.TaskStopCodeTaskFailedToStart,
		},
		"a secret that is not there": {
			nil, func(d *types.ContainerDefinition) {
				d.Secrets = []types.Secret{{Name: aws.String("KEY"), ValueFrom: aws.String("/missing")}}
			}, "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid parameters: /missing", types.TaskStopCodeTaskFailedToStart,
		},
		"no permission to read secrets": {
			func(c *cloud) { c.denied["secretsmanager:GetSecretValue"] = true }, func(d *types.ContainerDefinition) {
				d.Secrets = []types.Secret{{Name: aws.String("KEY"), ValueFrom: aws.String("arn:aws:secretsmanager:us-west-2:123456789012:secret:key-abc123")}}
			}, "not authorized to perform: secretsmanager:GetSecretValue", types.TaskStopCodeTaskFailedToStart,
		},
		"no permission to read a parameter by its bare name": {
			func(c *cloud) { c.parameters["key"], c.denied["ssm:GetParameters"] = "x", true }, func(d *types.ContainerDefinition) {
				d.Secrets = []types.Secret{{Name: aws.String("KEY"), ValueFrom: aws.String("key")}}
			}, "not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm:us-west-2:123456789012:parameter/key", types.TaskStopCodeTaskFailedToStart,
		},
		"a command that is not there": {
			nil, func(d *types.ContainerDefinition) { d.Command = []string{"no-such-command"} },
			`CannotStartContainerError: Error response from daemon: failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "no-such-command": executable file not found in $PATH`,
			types.TaskStopCodeTaskFailedToStart,
		},
		"a host port that is taken": {
			nil, func(d *types.ContainerDefinition) {
				d.PortMappings = []types.PortMapping{
					{ContainerPort: aws.Int32(80), HostPort: aws.Int32(8080)}, {ContainerPort: aws.Int32(81), HostPort: aws.Int32(8080)},
				}
			}, "Bind for 0.0.0.0:8080 failed: port is already allocated", types.TaskStopCodeTaskFailedToStart,
		},
		"a command that ends": {
			nil, func(d *types.ContainerDefinition) { d.Command = []string{"sh", "-c", "exit 3"} },
			"Essential container in task exited", types.TaskStopCodeEssentialContainerExited,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t)
			if test.cloud != nil {
				test.cloud(c)
			}
			c.assignments = []ecs.Assignment{webTask("t1", test.define)}
			c.run(t)
			r := c.awaitStatus(t, "arn:task/t1", "STOPPED")
			assert.Contains(t, r.StoppedReason, test.want)
			assert.Equal(t, test.code, r.StopCode)
		})
	}
}

// A container over its hard limit is killed, and ECS is told why.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
func TestContainerOverItsMemory(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.assignments = []ecs.Assignment{webTask("t1", func(d *types.ContainerDefinition) {
		d.Memory, d.Command = aws.Int32(16), []string{"sh", "-c", "s=aaaa; while :; do s=$s$s; done"}
	})}
	c.run(t)
	r := c.awaitStatus(t, "arn:task/t1", "STOPPED")
	assert.Equal(t, "Essential container in task exited", r.StoppedReason)
	assert.Equal(t, types.TaskStopCodeEssentialContainerExited, r.StopCode)
	assert.Equal(t, "OutOfMemoryError: Container killed due to memory usage", r.Containers[0].Reason)
	assert.Equal(t, aws.Int32(137), r.Containers[0].ExitCode)
}

// A container that writes without end waits for its log, and can be stopped all
// the same.
func TestEndlessOutput(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.assignments = []ecs.Assignment{webTask("t1", func(d *types.ContainerDefinition) {
		d.Command = []string{"sh", "-c", "s=0123456789; s=$s$s$s$s; s=$s$s$s$s; s=$s$s$s$s$s$s$s$s; while :; do echo $s; done"}
		d.StopTimeout = aws.Int32(2)
	})}
	c.run(t)
	const stream = "/ecs/web:app/web/t1"
	c.eventually(t, "no log", func() bool { return len(c.events[stream]) > 0 })
	first := 0
	c.Do(func() { first = len(c.events[stream]) })
	time.Sleep(time.Second)
	c.Do(func() {
		written := 0
		for _, line := range c.events[stream][first:] {
			written += len(line)
		}
		assert.Less(t, written, 15*(256<<10+64<<10), "ten flushes a second, of what may be pending")
	})
	c.change(func() { c.assignments[0].Stop = true })
	c.awaitStatus(t, "arn:task/t1", "STOPPED")
}

func TestSecretsBecomeEnvironment(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	secret := "arn:aws:secretsmanager:us-west-2:123456789012:secret:key-abc123"
	c.parameters = map[string]string{"/plain": "one", "bare": "four", secret: `{"user":"two","port":3}`}
	c.assignments = []ecs.Assignment{webTask("t1", func(d *types.ContainerDefinition) {
		d.Secrets = []types.Secret{
			{Name: aws.String("A"), ValueFrom: aws.String("/plain")},
			{Name: aws.String("B"), ValueFrom: aws.String(secret + ":user::")},
			{Name: aws.String("C"), ValueFrom: aws.String(secret + ":port::")},
			{Name: aws.String("D"), ValueFrom: aws.String("bare")},
		}
		d.Command = []string{"sh", "-c", `echo "$A $B $C $D"; sleep 100000`}
	})}
	c.run(t)
	c.eventually(t, "no log", func() bool { return slices.Contains(c.events["/ecs/web:app/web/t1"], "one two 3 four") })
}

// The endpoint that containers find themselves by.
func TestTaskMetadata(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	task := webTask("t1", func(d *types.ContainerDefinition) {
		d.Image = aws.String("nginx")
		d.Command = []string{"sh", "-c", `
			curl -s $ECS_CONTAINER_METADATA_URI_V4/task | grep -o '"TaskARN":"[^"]*"'
			curl -s http://169.254.170.2$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI | grep -o '"RoleArn":"[^"]*"'
			sleep 100000`}
	})
	task.TaskRoleARN = "arn:aws:iam::123456789012:role/task"
	c.assignments = []ecs.Assignment{task}
	c.run(t)
	c.eventually(t, "no log", func() bool { return len(c.events["/ecs/web:app/web/t1"]) == 2 })
	assert.Equal(t, []string{`"TaskARN":"arn:task/t1"`, `"RoleArn":"arn:aws:iam::123456789012:role/task"`}, c.events["/ecs/web:app/web/t1"])
}

func TestContainerHealth(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.assignments = []ecs.Assignment{webTask("t1", func(d *types.ContainerDefinition) {
		d.Command = []string{"sh", "-c", "httpd-foreground & sleep 60; rm logs/httpd.pid; wait"}
		d.HealthCheck = &types.HealthCheck{
			Command: []string{"CMD-SHELL", "test -s /usr/local/apache2/logs/httpd.pid"}, Interval: aws.Int32(5), Retries: aws.Int32(2),
		}
	})}
	c.run(t)
	for _, want := range []types.HealthStatus{types.HealthStatusUnknown, types.HealthStatusHealthy, types.HealthStatusUnhealthy} {
		c.eventually(t, "not "+string(want), func() bool {
			return slices.ContainsFunc(c.reports, func(r report) bool { return r.Containers[0].Health == want })
		})
	}
}

// curl is not in the image: the check can never pass.
func TestHealthCheckWithoutCurl(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.assignments = []ecs.Assignment{webTask("t1", func(d *types.ContainerDefinition) {
		d.HealthCheck = &types.HealthCheck{Command: []string{"CMD-SHELL", "curl -f http://localhost/ || exit 1"}, Interval: aws.Int32(5)}
	})}
	c.run(t)
	c.eventually(t, "not UNHEALTHY", func() bool {
		r, ok := c.last("arn:task/t1")
		return ok && r.Containers[0].Health == types.HealthStatusUnhealthy
	})
}

func TestDependencies(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	task := webTask("t1", func(d *types.ContainerDefinition) {
		d.Command = []string{"sh", "-c", "cat /shared/ready; exec httpd-foreground"}
		d.MountPoints = []types.MountPoint{{SourceVolume: aws.String("shared"), ContainerPath: aws.String("/shared"), ReadOnly: aws.Bool(true)}}
		d.DependsOn = []types.ContainerDependency{{ContainerName: aws.String("init"), Condition: types.ContainerConditionSuccess}}
	})
	task.Volumes = []types.Volume{{Name: aws.String("shared")}}
	task.Containers = append(task.Containers, types.ContainerDefinition{
		Name: aws.String("init"), Image: aws.String("busybox"), Essential: aws.Bool(false),
		Command:     []string{"sh", "-c", "sleep 5; echo prepared > /shared/ready"},
		MountPoints: []types.MountPoint{{SourceVolume: aws.String("shared"), ContainerPath: aws.String("/shared")}},
	})
	c.assignments = []ecs.Assignment{task}
	c.run(t)
	r := c.awaitStatus(t, "arn:task/t1", "RUNNING")
	assert.Equal(t, "STOPPED", r.Containers[1].Status)
	c.eventually(t, "no log", func() bool { return slices.Contains(c.events["/ecs/web:app/web/t1"], "prepared") })
}

func TestDependencyThatFails(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	task := webTask("t1", func(d *types.ContainerDefinition) {
		d.DependsOn = []types.ContainerDependency{{ContainerName: aws.String("init"), Condition: types.ContainerConditionSuccess}}
	})
	task.Containers = append(task.Containers, types.ContainerDefinition{
		Name: aws.String("init"), Image: aws.String("busybox"), Essential: aws.Bool(false), Command: []string{"false"},
	})
	c.assignments = []ecs.Assignment{task}
	c.run(t)
	r := c.awaitStatus(t, "arn:task/t1", "STOPPED")
	assert.Contains(t, r.StoppedReason, `container "init" will never be SUCCESS`)
}

func TestStopTimeout(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.assignments = []ecs.Assignment{webTask("t1", func(d *types.ContainerDefinition) {
		d.Command = []string{"sh", "-c", "trap '' WINCH; echo ready; sleep 1000000"}
		d.StopTimeout = aws.Int32(2)
	})}
	c.run(t)
	c.eventually(t, "not ready", func() bool { return slices.Contains(c.events["/ecs/web:app/web/t1"], "ready") })
	c.change(func() { c.assignments[0].Stop = true })
	r := c.awaitStatus(t, "arn:task/t1", "STOPPED")
	assert.Equal(t, int32(137), *r.Containers[0].ExitCode)
}

// A killed localaws comes back: running tasks run again on their host ports, even
// beside new ones, and ECS hears nothing but RUNNING.
func TestRestart(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.assignments = []ecs.Assignment{webTask("t1", nil)}
	_, stop := c.run(t)
	c.awaitStatus(t, "arn:task/t1", "RUNNING")
	second := webTask("t2", nil)
	second.Containers = append(second.Containers, types.ContainerDefinition{
		Name: aws.String("later"), Image: aws.String("busybox"), Command: []string{"sleep", "1000000"},
		DependsOn: []types.ContainerDependency{{ContainerName: aws.String("web"), Condition: types.ContainerConditionStart}},
	})
	c.change(func() { c.assignments = append(c.assignments, second) })
	before := c.awaitStatus(t, "arn:task/t2", "RUNNING")
	port := *before.Containers[0].Bindings[0].HostPort
	c.awaitServed(t, port, "It works!")
	stop()
	_, err := c.get(t, port)
	require.Error(t, err, "the containers have ended with the machines")
	c.Do(func() {
		require.Len(t, c.assignments, 2, "no agent told ECS that the tasks had stopped")
		// The first task's ports are free now; new tasks come before the old one.
		c.assignments = []ecs.Assignment{webTask("t3", nil), webTask("t4", nil), c.assignments[1]}
		c.reports = nil
	})
	machines, _ := c.run(t)
	c.awaitServed(t, port, "It works!")
	c.awaitStatus(t, "arn:task/t3", "RUNNING")
	c.awaitStatus(t, "arn:task/t4", "RUNNING")
	c.awaitStatus(t, "arn:task/t2", "RUNNING")
	c.Do(func() {
		for _, r := range c.reports {
			if r.task == "arn:task/t2" {
				assert.Equal(t, "RUNNING", r.Status)
				assert.Equal(t, before.Containers[0].Bindings, r.Containers[0].Bindings)
			}
		}
		assert.Len(t, c.registered, 1, "it is still the same container instance")
	})
	assert.Empty(t, machines.BootLog(instanceID), "user data runs on the first boot only")
}

// Without its permissions the agent is disconnected: ECS can't stop its tasks.
func TestLosingPermissions(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.assignments = []ecs.Assignment{webTask("t1", nil)}
	machines, _ := c.run(t)
	r := c.awaitStatus(t, "arn:task/t1", "RUNNING")
	c.change(func() { c.profile.RoleARN = "" })
	c.eventually(t, "still connected", func() bool { return !c.connected })
	c.change(func() { c.assignments[0].Stop = true })
	c.awaitServed(t, *r.Containers[0].Bindings[0].HostPort, "It works!")
	assert.Contains(t, strings.Join(machines.BootLog(instanceID), "\n"), "has no role")
	c.change(func() { c.profile.RoleARN = role })
	c.eventually(t, "not connected", func() bool { return c.connected })
	c.awaitStatus(t, "arn:task/t1", "STOPPED")
}

// An agent that may poll and not submit runs tasks that stay PENDING to ECS.
func TestLackingThePermissionToReport(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.denied["ecs:SubmitTaskStateChange"] = true
	runtime := &watched{Runtime: embedded.New(c.Clock, c.network, nil), started: make(chan start, 100)}
	c.runtime = runtime
	c.assignments = []ecs.Assignment{webTask("t0", func(d *types.ContainerDefinition) { d.Command = []string{"sh", "-c", "exit 3"} })}
	machines, _ := c.run(t)
	require.EventuallyWithT(t, func(collect *assert.CollectT) {
		assert.Contains(collect, strings.Join(machines.BootLog(instanceID), "\n"), "not authorized to perform ecs:SubmitTaskStateChange")
	}, deadline, 5*time.Millisecond)
	<-(<-runtime.started).Done()
	for n := 1; n <= 5; n++ {
		c.change(func() { c.assignments = append(c.assignments, webTask(fmt.Sprintf("t%d", n), nil)) })
		assert.Equal(t, fmt.Sprintf("t%d", n), (<-runtime.started).task)
	}
	c.Do(func() {
		assert.True(t, c.connected)
		assert.Empty(t, c.reports)
	})
	assert.Empty(t, runtime.started, "the task that has ended does not begin anew")
	c.change(func() { delete(c.denied, "ecs:SubmitTaskStateChange") })
	c.awaitStatus(t, "arn:task/t5", "RUNNING")
	assert.Equal(t, int32(3), *c.awaitStatus(t, "arn:task/t0", "STOPPED").Containers[0].ExitCode)
}

// watched tells of the containers that it starts.
type watched struct {
	containers.Runtime
	started chan start
}

type start struct {
	containers.Container
	task string // id
}

func (r *watched) Start(ctx context.Context, spec containers.Spec) (containers.Container, error) {
	started, err := r.Runtime.Start(ctx, spec)
	if err == nil {
		r.started <- start{started, filepath.Base(filepath.Dir(spec.Directory))}
	}
	return started, err
}

// ECS may forget a task, as when its service is deleted by force.
func TestTaskThatIsAssignedNoMore(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.assignments = []ecs.Assignment{webTask("t1", nil)}
	c.run(t)
	port := *c.awaitStatus(t, "arn:task/t1", "RUNNING").Containers[0].Bindings[0].HostPort
	c.awaitServed(t, port, "It works!")
	c.change(func() { c.assignments = nil })
	require.Eventually(t, func() bool {
		_, err := c.get(t, port)
		return err != nil
	}, deadline, 5*time.Millisecond)
}

func TestTermination(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.assignments = []ecs.Assignment{webTask("t1", nil)}
	c.run(t)
	r := c.awaitStatus(t, "arn:task/t1", "RUNNING")
	c.change(func() { c.instance.State = ec2.StateShuttingDown })
	c.eventually(t, "still registered", func() bool { return c.arn == "" })
	_, err := c.get(t, *r.Containers[0].Bindings[0].HostPort)
	require.Error(t, err)
	assert.EventuallyWithT(t, func(collect *assert.CollectT) {
		assert.NoDirExists(collect, c.directory+"/"+instanceID)
	}, deadline, 5*time.Millisecond)
}

func TestManyTasksShareAnInstance(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	for i := range 5 {
		c.assignments = append(c.assignments, webTask(fmt.Sprintf("t%d", i), nil))
	}
	c.run(t)
	seen := map[int32]bool{}
	for i := range 5 {
		r := c.awaitStatus(t, fmt.Sprintf("arn:task/t%d", i), "RUNNING")
		for _, b := range r.Containers[0].Bindings {
			assert.False(t, seen[*b.HostPort], "port %d twice", *b.HostPort)
			seen[*b.HostPort] = true
		}
		c.awaitServed(t, *r.Containers[0].Bindings[0].HostPort, "It works!")
	}
}
