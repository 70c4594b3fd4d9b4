package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/client"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

// The test binary is localaws itself when this variable is set, so that start
// can run it in the background.
const beLocalaws = "LOCALAWS_TEST_BE_LOCALAWS"

func TestMain(m *testing.M) {
	if os.Getenv(beLocalaws) != "" {
		main()
		return
	}
	if err := os.Setenv(beLocalaws, "1"); err != nil { // for what start starts
		panic(err)
	}
	os.Exit(m.Run())
}

// localawsCommand runs a command to its end and returns what it printed and its
// exit status.
func localawsCommand(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, errOut bytes.Buffer
	status = exitStatus(run(t.Context(), args, &out, &errOut), &errOut)
	return out.String(), errOut.String(), status
}

// serverOf reports whether a process runs for a directory, as far as the system
// tells of processes.
func serverOf(t *testing.T, dir string) bool {
	t.Helper()
	paths, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	return slices.ContainsFunc(paths, func(path string) bool {
		line, err := os.ReadFile(path)
		return err == nil && bytes.Contains(line, []byte(dir)) // or it has ended meanwhile
	})
}

// started is the directory of a localaws that runs in the background until the
// test has ended.
func started(t *testing.T, flags ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "state")
	stdout, stderr, status := localawsCommand(t, append([]string{"start", "-dir", dir}, flags...)...)
	require.Zero(t, status, stderr)
	require.Contains(t, stdout, "localaws started in ")
	ctx := context.WithoutCancel(t.Context()) // the test's own is done before the cleanup
	t.Cleanup(func() {
		client, err := client.Open(ctx, dir)
		if err == nil {
			assert.NoError(t, client.Stop(ctx))
		}
		assert.False(t, serverOf(t, dir), "a localaws still runs after the test")
	})
	return dir
}

func TestStartIsDoneOnceAndStopLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := started(t)

	stdout, _, status := localawsCommand(t, "start", "-dir", dir)
	assert.Zero(t, status)
	assert.Contains(t, stdout, "already running")

	stdout, _, status = localawsCommand(t, "status", "-dir", dir)
	assert.Zero(t, status)
	assert.Contains(t, stdout, "region us-west-2")
	assert.Contains(t, stdout, "no resources")

	stdout, stderr, status := localawsCommand(t, "stop", "-dir", dir)
	assert.Zero(t, status, stderr)
	assert.Contains(t, stdout, "localaws ended")
	assert.NoDirExists(t, dir)

	stdout, _, status = localawsCommand(t, "stop", "-dir", dir)
	assert.Zero(t, status)
	assert.Contains(t, stdout, "no localaws is running")
}

func TestHelpAndVersion(t *testing.T) {
	t.Parallel()
	stdout, _, status := localawsCommand(t, "--help")
	assert.Zero(t, status)
	for _, name := range []string{"serve", "start", "status", "env", "stop", "version"} {
		assert.Regexp(t, `(?m)^  `+name+` `, stdout)
	}
	stdout, _, status = localawsCommand(t, "version")
	assert.Zero(t, status)
	assert.Regexp(t, `^localaws .+, go1\.`, stdout)
}

func TestAStoppedLocalawsComesBackOnItsPort(t *testing.T) {
	t.Parallel()
	dir := started(t)
	before, err := client.Open(t.Context(), dir)
	require.NoError(t, err)
	stdout, stderr, status := localawsCommand(t, "stop", "-keep", "-dir", dir)
	require.Zero(t, status, stderr)
	assert.Contains(t, stdout, "its state stays in "+dir)

	_, stderr, status = localawsCommand(t, "start", "-dir", dir)
	require.Zero(t, status, stderr)
	after, err := client.Open(t.Context(), dir)
	require.NoError(t, err)
	assert.Equal(t, before.Endpoint.Endpoint, after.Endpoint.Endpoint)
	assert.NotEqual(t, before.PID, after.PID)
}

// clusters is a client of ECS, and where it calls.
func clusters(t *testing.T, dir string) (*ecs.Client, *client.Client) {
	t.Helper()
	at, err := client.Open(t.Context(), dir)
	require.NoError(t, err)
	return ecs.New(ecs.Options{
		Region: at.Region, BaseEndpoint: &at.Endpoint.Endpoint,
		Credentials: credentials.NewStaticCredentialsProvider(at.AccessKeyID, at.SecretAccessKey, ""),
	}), at
}

// What a client was told is there is still there after a kill.
func TestAKilledLocalawsComesBackWithWhatItHeld(t *testing.T) {
	t.Parallel()
	dir := started(t)
	ecsClient, at := clusters(t, dir)
	_, err := ecsClient.CreateCluster(t.Context(), &ecs.CreateClusterInput{ClusterName: aws.String("web")})
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(at.PID, syscall.SIGKILL))
	require.Eventually(t, func() bool {
		_, err := client.Open(t.Context(), dir)
		return errors.Is(err, client.ErrNotRunning)
	}, 10*time.Second, 10*time.Millisecond, "it is gone")

	_, stderr, status := localawsCommand(t, "start", "-dir", dir)
	require.Zero(t, status, stderr)
	ecsClient, _ = clusters(t, dir)
	listed, err := ecsClient.ListClusters(t.Context(), &ecs.ListClustersInput{})
	require.NoError(t, err)
	assert.Len(t, listed.ClusterArns, 1)
}

func TestEnvCanBeEvaluated(t *testing.T) {
	t.Parallel()
	dir := started(t, "-region", "eu-central-1")
	stdout, stderr, status := localawsCommand(t, "env", "-dir", dir)
	require.Zero(t, status, stderr)
	shell := exec.CommandContext(t.Context(), "sh", "-c", stdout+"\necho $AWS_ENDPOINT_URL $AWS_REGION $CURL_HOME")
	out, err := shell.Output()
	require.NoError(t, err)
	client, err := client.Open(t.Context(), dir)
	require.NoError(t, err)
	fields := strings.Fields(string(out))
	assert.Equal(t, []string{client.Endpoint.Endpoint, "eu-central-1", filepath.Join(dir, "curl")}, fields)
	config, err := os.ReadFile(filepath.Join(fields[2], ".curlrc"))
	require.NoError(t, err)
	assert.Contains(t, string(config), client.CAFile)
}

func TestStatusShowsTroubles(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, printStatus(&out, client.At(client.Endpoint{}), client.Status{Troubles: []client.Trouble{
		{Service: "main/web", FailedTasks: 53, Reason: "CannotPullContainerError: no such image"},
		{Service: "main/api", FailedTasks: 3, RolledBack: true, Reason: "Essential container in task exited (container api exited with code 1)"},
	}}))
	assert.Contains(t, out.String(), "TROUBLE  main/web: 53 tasks failed, the last one with: CannotPullContainerError: no such image\n")
	assert.Contains(t, out.String(),
		"TROUBLE  rolled back, since main/api: 3 tasks failed, the last one with: Essential container in task exited (container api exited with code 1)\n")
}

// The way out that containers' errors name is a command with flags that it has.
func TestTheHintIsACommand(t *testing.T) {
	t.Parallel()
	args := strings.Fields(kernel.RealImages)
	require.Equal(t, "localaws", args[0])
	_, stderr, status := localawsCommand(t, append(args[1:], "-h")...)
	assert.Zero(t, status, stderr)
}

func TestStatusAsJSON(t *testing.T) {
	t.Parallel()
	dir := started(t)
	stdout, stderr, status := localawsCommand(t, "status", "-json", "-dir", dir)
	require.Zero(t, status, stderr)
	var parsed client.Status
	require.NoError(t, json.Unmarshal([]byte(stdout), &parsed))
	assert.Zero(t, parsed.Resources())
	assert.Positive(t, parsed.MemoryMiB)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	var config net.ListenConfig
	taken, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, taken.Close()) })
	for name, c := range map[string]struct {
		args   []string
		status int
		want   string
	}{
		"no command":           {nil, exitUsage, "name a command"},
		"unknown command":      {[]string{"launch"}, exitUsage, `"launch" is not a command`},
		"unknown flag":         {[]string{"status", "-colour"}, exitUsage, "-colour"},
		"left-over argument":   {[]string{"status", "now"}, exitUsage, `unexpected argument "now"`},
		"address without port": {[]string{"serve", "-listen", "localhost"}, exitUsage, `"localhost" must be an address with a port`},
		"address of the world": {[]string{"serve", "-listen", "0.0.0.0:0"}, exitFailed, "stays on loopback addresses"},
		"port taken":           {[]string{"start", "-listen", taken.Addr().String()}, exitFailed, taken.Addr().String()},
		"no speed":             {[]string{"serve", "-speed", "NaN"}, exitFailed, "speed NaN must be above 0"},
		"backwards":            {[]string{"serve", "-speed", "-1"}, exitFailed, "speed -1 must be above 0"},
		"faster than a clock":  {[]string{"serve", "-speed", "1e13"}, exitFailed, "speed 1e+13 must be above 0 and at most 10000"},
		"no region":            {[]string{"serve", "-region", "us west"}, exitFailed, `"us west" is not a valid region`},
		"no zone":              {[]string{"serve", "-zone", "a b"}, exitFailed, `"a b" is not a valid domain`},
		"unknown runtime":      {[]string{"start", "-runtime", "podman"}, exitFailed, `"podman"`},
		"not running":          {[]string{"status"}, exitNotRunning, "localaws is not running"},
		"env, not running":     {[]string{"env"}, exitNotRunning, "localaws is not running"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := c.args
			if len(args) > 0 {
				args = append([]string{args[0], "-dir", filepath.Join(t.TempDir(), "state")}, args[1:]...)
			}
			if name == "unknown command" {
				args = c.args
			}
			_, stderr, status := localawsCommand(t, args...)
			assert.Equal(t, c.status, status)
			assert.Contains(t, stderr, c.want)
		})
	}
}

func TestTwoServersCantShareADirectory(t *testing.T) {
	t.Parallel()
	dir := started(t)
	_, stderr, status := localawsCommand(t, "serve", "-dir", dir)
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, stderr, "another localaws already serves")
}

func TestStartRefusesAnotherRegion(t *testing.T) {
	t.Parallel()
	dir := started(t)
	_, stderr, status := localawsCommand(t, "start", "-dir", dir, "-region", "eu-west-1")
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, stderr, "has region us-west-2, not eu-west-1")
}

func TestExitStatusOfHelpIsGood(t *testing.T) {
	t.Parallel()
	var stdout bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"help"}, &stdout, io.Discard))
	assert.Contains(t, stdout.String(), "usage: localaws")
}
