package efs_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/efs"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

// network has the subnets subnet-a and subnet-a2 in one zone and subnet-b in
// another.
type network struct {
	interfaces map[string]ec2.Interface
	blocked    error // what is in the way of every packet
}

// instance is an interface of an instance in a subnet.
func (n *network) instance(t *testing.T, subnet string) string {
	t.Helper()
	eni, err := n.CreateInterface(ec2.InterfaceSpec{SubnetID: subnet})
	require.NoError(t, err)
	return eni.ID
}

func (n *network) Reach(_, to ec2.Peer, protocol string, port uint16) error {
	if protocol != "tcp" || port != 2049 || n.interfaces[to.InterfaceID].ID == "" {
		return errors.New("nothing is there")
	}
	return n.blocked
}

func (n *network) Subnet(id string) (ec2.Subnet, bool) {
	zones := map[string]string{"subnet-a": "us-west-2a", "subnet-a2": "us-west-2a", "subnet-b": "us-west-2b"}
	return ec2.Subnet{ID: id, VPCID: "vpc-1", AvailabilityZone: zones[id]}, zones[id] != ""
}

func (n *network) CreateInterface(spec ec2.InterfaceSpec) (ec2.Interface, error) {
	if len(spec.Groups) > 0 && spec.Groups[0] == "sg-none" {
		return ec2.Interface{}, errors.New("no such group")
	}
	subnet, _ := n.Subnet(spec.SubnetID)
	eni := ec2.Interface{
		ID: ids.New("eni"), SubnetID: spec.SubnetID, VPCID: subnet.VPCID, AvailabilityZone: subnet.AvailabilityZone,
		PrivateIP: "10.0.0.9", Groups: spec.Groups,
	}
	n.interfaces[eni.ID] = eni
	return eni, nil
}

func (n *network) DeleteInterface(id string) error {
	delete(n.interfaces, id)
	return nil
}

func (n *network) Interface(id string) (ec2.Interface, bool) {
	eni, ok := n.interfaces[id]
	return eni, ok
}

func (n *network) SetInterfaceGroups(id string, groups []string) error {
	eni := n.interfaces[id]
	eni.Groups = groups
	n.interfaces[id] = eni
	return nil
}

type fixture struct {
	*wiretest.Server
	account   *core.Account
	clock     *clock.Fake
	service   *efs.Service
	network   *network
	directory string
}

type object = map[string]any

const api = "/2015-02-01"

// newFixture returns an EFS that works until the test ends.
func newFixture(t *testing.T) *fixture {
	t.Helper()
	a, fake := wiretest.NewAccount()
	f := &fixture{account: a, clock: fake, network: &network{interfaces: map[string]ec2.Interface{}}, directory: t.TempDir()}
	f.service = efs.New(a, f.network, f.directory)
	f.Server = wiretest.NewServer(t, a, f.service.Wire())
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { f.service.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return f
}

func (f *fixture) call(t *testing.T, method, path string, in, out any) *wiretest.Reply {
	t.Helper()
	var body []byte
	if in != nil {
		var err error
		body, err = json.Marshal(in)
		require.NoError(t, err)
	}
	reply := f.Request(t, "elasticfilesystem", method, api+path, nil, body)
	if out != nil && reply.Status < 300 {
		require.NoError(t, json.Unmarshal(reply.Body, out))
	}
	return reply
}

// refused is the code of a refusal, which EFS says in a header.
func refused(t *testing.T, reply *wiretest.Reply, code string) {
	t.Helper()
	assert.Equal(t, code, reply.Header.Get("X-Amzn-Errortype"))
}

type described struct {
	FileSystems []struct {
		FileSystemID         string `json:"FileSystemId"`
		LifeCycleState, Name string
		ThroughputMode       string
		Encrypted            bool
		NumberOfMountTargets int
		FileSystemProtection struct{ ReplicationOverwriteProtection string }
	}
	MountTargets []struct {
		MountTargetID             string `json:"MountTargetId"`
		LifeCycleState, IPAddress string
	}
}

// create makes a file system and waits until it is available.
func (f *fixture) create(t *testing.T, token string) (id string) {
	t.Helper()
	var made struct {
		FileSystemID string `json:"FileSystemId"`
	}
	reply := f.call(t, "POST", "/file-systems", object{"CreationToken": token, "Encrypted": true, "Tags": []core.Tag{{Key: "Name", Value: token}}}, &made).OK(t)
	assert.Equal(t, 201, reply.Status)
	f.reach(t, "/file-systems?FileSystemId="+made.FileSystemID, "available")
	return made.FileSystemID
}

// reach lets time pass until what the path describes is in a state, "" for gone.
func (f *fixture) reach(t *testing.T, path, state string) {
	t.Helper()
	require.Eventually(t, func() bool {
		f.clock.Advance(10 * time.Second)
		var out described
		reply := f.call(t, "GET", path, nil, &out)
		if state == "" {
			return reply.Status == 404
		}
		return len(out.FileSystems) == 1 && out.FileSystems[0].LifeCycleState == state ||
			len(out.MountTargets) == 1 && out.MountTargets[0].LifeCycleState == state
	}, 10*time.Second, 2*time.Millisecond, "waiting for %s to be %q", path, state)
}

func (f *fixture) mount(t *testing.T, id, subnet string, out any) *wiretest.Reply {
	t.Helper()
	return f.call(t, "POST", "/mount-targets", object{"FileSystemId": id, "SubnetId": subnet, "SecurityGroups": []string{"sg-1"}}, out)
}

func TestFileSystemLifecycle(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.create(t, "data")
	refused(t, f.call(t, "POST", "/file-systems", object{"CreationToken": "data"}, nil), "FileSystemAlreadyExists")
	refused(t, f.call(t, "POST", "/file-systems", object{"CreationToken": "x", "Colour": "red"}, nil), "BadRequest")
	var out described
	f.call(t, "GET", "/file-systems?CreationToken=data", nil, &out).OK(t)
	refused(t, f.call(t, "GET", "/file-systems?MaxItems=1", nil, nil), "UnsupportedParameter")
	require.Len(t, out.FileSystems, 1)
	assert.Equal(t, "data", out.FileSystems[0].Name)
	assert.True(t, out.FileSystems[0].Encrypted)
	assert.Equal(t, "ENABLED", out.FileSystems[0].FileSystemProtection.ReplicationOverwriteProtection)

	f.call(t, "PUT", "/file-systems/"+id, object{"ThroughputMode": "elastic"}, nil).OK(t)
	refused(t, f.call(t, "PUT", "/file-systems/"+id, object{"ThroughputMode": "provisioned"}, nil), "BadRequest")
	f.call(t, "GET", "/file-systems?FileSystemId="+id, nil, &out).OK(t)
	assert.Equal(t, "elastic", out.FileSystems[0].ThroughputMode, "a refused change leaves nothing behind")
	f.call(t, "PUT", "/file-systems/"+id+"/lifecycle-configuration", object{"LifecyclePolicies": []object{{"TransitionToIA": "AFTER_30_DAYS"}}}, nil).OK(t)
	assert.JSONEq(t, `{"LifecyclePolicies":[{"TransitionToIA":"AFTER_30_DAYS"}]}`, string(f.call(t, "GET", "/file-systems/"+id+"/lifecycle-configuration", nil, nil).OK(t).Body))

	f.call(t, "DELETE", "/file-systems/"+id, nil, nil).OK(t)
	f.reach(t, "/file-systems?FileSystemId="+id, "")
}

func TestMountTargets(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.create(t, "data")
	mounting := func(subnet, want string) {
		t.Helper()
		f.account.Do(func() {
			instance := f.network.instance(t, subnet)
			_, err := f.service.Mount(id, instance)
			require.ErrorContains(t, err, want)
			require.NoError(t, f.network.DeleteInterface(instance))
		})
	}
	mounting("subnet-a", "has no mount target that is available in us-west-2a of vpc-1")
	var made struct {
		MountTargetID string `json:"MountTargetId"`
		IPAddress     string `json:"IpAddress"`
	}
	f.mount(t, id, "subnet-a", &made).OK(t)
	assert.Equal(t, "10.0.0.9", made.IPAddress)
	refused(t, f.mount(t, id, "subnet-a2", nil), "MountTargetConflict")
	refused(t, f.mount(t, id, "subnet-none", nil), "SubnetNotFound")
	refused(t, f.mount(t, "fs-none", "subnet-a", nil), "FileSystemNotFound")
	mounting("subnet-b", "has no mount target that is available in us-west-2b of vpc-1")
	f.mount(t, id, "subnet-b", nil).OK(t)
	path := "/mount-targets?MountTargetId=" + made.MountTargetID
	f.reach(t, path, "available")
	f.account.Do(func() {
		instance := f.network.instance(t, "subnet-a2")
		directory, err := f.service.Mount("arn:aws:elasticfilesystem:us-west-2:123456789012:file-system/"+id, instance)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(directory, "file"), nil, 0o600))
		require.NoError(t, f.network.DeleteInterface(instance))
		f.network.blocked = errors.New("no rule lets tcp port 2049 in")
	})
	mounting("subnet-a2", "timeout after 15 sec. (no rule lets tcp port 2049 in)")

	groups := "/mount-targets/" + made.MountTargetID + "/security-groups"
	f.call(t, "PUT", groups, object{"SecurityGroups": []string{"sg-2"}}, nil).OK(t)
	assert.JSONEq(t, `{"SecurityGroups":["sg-2"]}`, string(f.call(t, "GET", groups, nil, nil).OK(t).Body))

	refused(t, f.call(t, "DELETE", "/file-systems/"+id, nil, nil), "FileSystemInUse")
	var all described
	f.call(t, "GET", "/mount-targets?FileSystemId="+id, nil, &all).OK(t)
	require.Len(t, all.MountTargets, 2)
	for _, m := range all.MountTargets {
		f.call(t, "DELETE", "/mount-targets/"+m.MountTargetID, nil, nil).OK(t)
		f.reach(t, "/mount-targets?MountTargetId="+m.MountTargetID, "")
	}
	f.account.Do(func() { assert.Empty(t, f.network.interfaces, "a mount target's interface goes with it") })
	f.call(t, "DELETE", "/file-systems/"+id, nil, nil).OK(t)
	assert.NoDirExists(t, filepath.Join(f.directory, id))
}

func TestTags(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.create(t, "data")
	f.call(t, "POST", "/resource-tags/"+id, object{"Tags": []core.Tag{{Key: "a", Value: "1"}}}, nil).OK(t)
	f.call(t, "DELETE", "/resource-tags/"+id+"?tagKeys=Name", nil, nil).OK(t)
	assert.JSONEq(t, `{"Tags":[{"Key":"a","Value":"1"}]}`, string(f.call(t, "GET", "/resource-tags/"+id, nil, nil).OK(t).Body))
	assert.Equal(t, 400, f.call(t, "GET", "/access-points", nil, nil).Status)
}

func TestStateOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.create(t, "data")
	f.mount(t, id, "subnet-a", nil).OK(t)
	next := newFixture(t)
	next.network.interfaces = f.network.interfaces
	wiretest.Revive(t, f.account, next.account)
	for _, path := range []string{"/file-systems", "/mount-targets?FileSystemId=" + id} {
		before := f.call(t, "GET", path, nil, nil).OK(t)
		assert.Equal(t, string(before.Body), string(next.call(t, "GET", path, nil, nil).OK(t).Body))
	}
}

// Also what is refused before EFS is asked reaches its clients as JSON.
func TestRefusalsFromOutside(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.InjectFault(func(string, string) *wire.Error { return wire.Errorf("ThrottlingException", "Rate exceeded") })
	reply := f.Request(t, "elasticfilesystem", http.MethodGet, api+"/file-systems", nil, nil).Refused(t, "ThrottlingException")
	assert.Equal(t, "application/json", reply.Header.Get("Content-Type"))
	assert.JSONEq(t, `{"__type":"ThrottlingException","message":"Rate exceeded"}`, string(reply.Body))
}
