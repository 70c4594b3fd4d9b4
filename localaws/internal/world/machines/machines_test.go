package machines_test

import (
	"context"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/iam"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/loopback"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/machines"
)

const (
	deadline   = 20 * time.Second
	instanceID = "i-00000000000000001"
	role       = "arn:aws:iam::123456789012:role/path/instance"
)

// cloud is an EC2 with one instance, and the service of its image: it says when
// the instance has booted.
type cloud struct {
	*core.Account
	network   *loopback.Network
	directory string

	// Guarded by the account's lock.
	instance   ec2.Instance
	gone       bool
	terminated []string

	booted chan *machines.Machine
}

func newCloud(t *testing.T, userData string) *cloud {
	t.Helper()
	network, err := loopback.Claim(t.Context(), 0)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, network.Close()) })
	address, err := network.Allocate()
	require.NoError(t, err)
	return &cloud{
		Account: core.New("us-west-2", clock.New(0), slog.New(slog.NewTextHandler(io.Discard, nil))),
		network: network, directory: t.TempDir(), booted: make(chan *machines.Machine, 10),
		instance: ec2.Instance{
			ID: instanceID, Type: "t3.micro", ImageID: "ami-1", State: ec2.StateRunning, UserData: []byte(userData),
			ProfileARN: "arn:profile", InterfaceID: "eni-1", PrivateIP: "10.0.0.5", Address: address,
			MetadataTokens: "required", MetadataHops: 1,
		},
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

func (c *cloud) InstanceProfile(string) (iam.Profile, bool) { return iam.Profile{RoleARN: role}, true }
func (c *cloud) CanAssume(string, string) (bool, string)    { return true, "" }

func (c *cloud) Install(disk *kernel.Tree) error { return disk.WriteFile("/etc/service", nil, 0o644) }
func (c *cloud) Terminated(id string)            { c.terminated = append(c.terminated, id) }
func (c *cloud) Run(ctx context.Context, m *machines.Machine) {
	c.booted <- m
	<-ctx.Done()
}

// run starts the machines; the function that it returns ends them.
func (c *cloud) run(t *testing.T) (*machines.Machines, func()) {
	t.Helper()
	all := machines.New(c.Account, machines.Deps{
		Instances: c, Roles: c, Service: c, Network: c.network, Directory: c.directory,
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

// boot starts the machine with user data and waits until its services run.
func boot(t *testing.T, userData string) (*cloud, *machines.Machines, *machines.Machine) {
	t.Helper()
	c := newCloud(t, userData)
	all, _ := c.run(t)
	return c, all, <-c.booted
}

// said are the lines of the boot log that commands wrote.
func said(all *machines.Machines, kind string) []string {
	return slices.DeleteFunc(all.BootLog(instanceID), func(line string) bool { return !strings.HasPrefix(line, kind+": ") })
}

func TestUserDataRunsInItsOrder(t *testing.T) {
	t.Parallel()
	_, all, m := boot(t, "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"==\"\n\n"+
		"--==\nContent-Type: text/cloud-config\n\n#cloud-config\nwrite_files:\n- {path: /opt/name, content: "+
		base64.StdEncoding.EncodeToString([]byte("web"))+", encoding: b64}\n- {path: /etc/service, content: 'of ', append: true}\n"+
		"bootcmd:\n- test ! -e /opt/name && printf 'settings ' >> /etc/service\nruncmd:\n- [sh, -c, 'cat /opt/name >> /etc/service']\n"+
		"--==\nContent-Type: text/x-shellscript\n\n#!/bin/bash\nset -euo pipefail\nsystemctl restart web\nprintf ' tier' >> /etc/service\n--==--\n")
	content, err := m.Disk().ReadFile("/etc/service")
	require.NoError(t, err)
	assert.Equal(t, "settings of web tier", string(content))
	assert.Contains(t, all.BootLog(instanceID)[0], "systemctl restart web: has no effect")
}

// What is wrong with user data is in the log, and the machine boots all the same.
func TestBootFailures(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ userData, want string }{
		"cloud-config that is not YAML": {"#cloud-config\n[", "failed loading yaml blob"},
		"a command that fails":          {"#cloud-config\nruncmd:\n- no-such-command\n", "no-such-command: command not found"},
		"a script that fails":           {"#!/bin/sh\nexit 3\n", "cloud-init: script part-001 failed with exit code 3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, all, _ := boot(t, test.userData)
			assert.Contains(t, strings.Join(all.BootLog(instanceID), "\n"), test.want)
		})
	}
}

// Users of the user data are there when its commands run, each with a number and
// a home of its own; one that the image has stays as it is.
// User data that would take all there is must not take localaws with it, and the
// instance boots in the end.
func TestRunawayUserData(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ script, want string }{
		"memory": {`s=aaaa; while :; do s=$s$s; done`, "kernel: Out of memory: killed what the user data runs, which may take 256 MiB of localaws"},
		"a file": {`cat /dev/zero > /var/tmp/f`, "cloud-init: script part-001 failed with exit code 137: /var/lib/cloud/instance/scripts/part-001"},
		"output": {`i=0; s=0123456789abcdef; s=$s$s$s$s; s=$s$s$s$s; while [ $i -lt 6000 ]; do i=$((i+1)); echo $s; done`, "cloud-init: what is written beyond 1048576 bytes is left out"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, all, m := boot(t, "#!/bin/sh\n"+test.script+"\n")
			assert.Contains(t, all.BootLog(m.Instance.ID), test.want)
		})
	}
}

func TestUsersOfTheUserData(t *testing.T) {
	t.Parallel()
	_, all, _ := boot(t, `#cloud-config
users:
- default
- {name: nobody, shell: /bin/sh}
- {name: eve, ssh_authorized_keys: [ssh-ed25519 AAAA eve]}
- {name: bob, no_create_home: true}
runcmd:
- "grep -E '^(nobody|eve|bob):' /etc/passwd"
- cat /home/eve/.ssh/authorized_keys
- test ! -e /home/bob || echo bob has a home
`)
	assert.Equal(t, []string{
		"runcmd: nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin",
		"runcmd: eve:x:1001:1001::/home/eve:/bin/bash",
		"runcmd: bob:x:1002:1002::/home/bob:/bin/bash",
		"runcmd: ssh-ed25519 AAAA eve",
	}, said(all, "runcmd"))
}

func TestInstanceMetadata(t *testing.T) {
	t.Parallel()
	_, all, m := boot(t, `#cloud-config
runcmd:
- |
  metadata() { curl -s -H "X-aws-ec2-metadata-token: $token" "http://169.254.169.254/latest/meta-data/$1"; }
  curl -s -o /dev/null -w 'without a token %{http_code}\n' http://169.254.169.254/latest/meta-data/instance-id
  token=$(curl -sX PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token)
  echo "I am $(metadata instance-id), acting as $(metadata iam/security-credentials/)"
  metadata iam/security-credentials/instance | grep -o '"Code":"[^"]*"'
`)
	assert.Equal(t, []string{
		"runcmd: without a token 401", "runcmd: I am " + instanceID + ", acting as instance", `runcmd: "Code":"Success"`,
	}, said(all, "runcmd"))
	_, err := m.Dial(t.Context(), "tcp", "169.254.169.254:80", true)
	assert.ErrorContains(t, err, "hop limit", "it answers the instance, not its containers")
}

// A service has addresses that only its machine reaches.
func TestServiceServes(t *testing.T) {
	t.Parallel()
	_, _, m := boot(t, "")
	_, err := m.Dial(t.Context(), "tcp", "169.254.170.2:80", true)
	require.ErrorContains(t, err, "unreachable", "nothing is served there yet")
	ctx, cancel := context.WithCancel(t.Context())
	wait := m.Serve(ctx, netip.MustParseAddrPort("169.254.170.2:80"), http.NotFoundHandler())
	conn, err := m.Dial(t.Context(), "tcp", "169.254.170.2:80", true)
	require.NoError(t, err)
	assert.NoError(t, conn.Close())
	cancel()
	wait()
	_, err = m.Dial(t.Context(), "tcp", "169.254.170.2:80", true)
	assert.Error(t, err)
}

// After a restart of localaws the disk is as it was, and the user data does not
// run again; a terminated instance leaves nothing.
func TestRestartAndTermination(t *testing.T) {
	t.Parallel()
	c := newCloud(t, "#!/bin/sh\necho booted >> /var/log/boots\n")
	_, stop := c.run(t)
	<-c.booted
	stop()
	c.Do(func() { assert.Empty(t, c.terminated, "localaws has ended, not the instance") })

	all, _ := c.run(t)
	m := <-c.booted
	content, err := m.Disk().ReadFile("/var/log/boots")
	require.NoError(t, err)
	assert.Equal(t, "booted\n", string(content))
	m.Log("still here")

	c.change(func() { c.instance.State = ec2.StateShuttingDown })
	assert.Eventually(t, func() bool {
		left, err := filepath.Glob(filepath.Join(c.directory, "*"))
		return err == nil && len(left) == 0
	}, deadline, time.Millisecond)
	c.Do(func() { assert.Equal(t, []string{instanceID}, c.terminated) })
	assert.NotEmpty(t, all.BootLog(instanceID), "why it ended can still be read")
	c.change(func() { c.gone = true })
	assert.Eventually(t, func() bool { return len(all.BootLog(instanceID)) == 0 }, deadline, time.Millisecond)
}

// An instance may be terminated while localaws is down.
func TestServiceLearnsOfTheTerminated(t *testing.T) {
	t.Parallel()
	c := newCloud(t, "")
	c.instance.State = ec2.StateTerminated
	c.run(t)
	assert.Eventually(t, func() bool {
		told := false
		c.Do(func() { told = slices.Contains(c.terminated, instanceID) })
		return told
	}, deadline, time.Millisecond)
}
