// Package containertest is what every containers.Runtime must do, as a test that
// runs over any of them.
package containertest

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/loopback"
)

// Subject is a runtime under test.
type Subject struct {
	Runtime containers.Runtime
	Network *loopback.Network
	// Shell is an image with /bin/sh.
	Shell string
	// Web is an image and command that answer HTTP on port 80 with "served".
	Web        string
	WebCommand []string
	// NoCPUTime is why processor time can't be told here; "" where it can.
	NoCPUTime string
	// Missing is an image that does not exist.
	Missing string
}

// deadline is how long anything here may take, pulls aside.
const deadline = 30 * time.Second

// Run runs the suite.
func Run(t *testing.T, subject Subject) {
	t.Helper()
	cases := map[string]func(*testing.T, Subject){
		"an image that does not exist can't be pulled":  missingImage,
		"exit codes are the command's":                  exitCodes,
		"a command that is not there can't be started":  missingCommand,
		"output goes to its streams":                    output,
		"the environment and directory are the spec's":  environment,
		"exec runs in the container":                    execInside,
		"exec ends with its context":                    execDeadline,
		"mounts are seen, and read-only where asked":    mounts,
		"a published port reaches the container":        publishedPort,
		"a port without a listener closes connections":  unusedPort,
		"a taken host port is an error":                 takenPort,
		"stop ends a process that handles the signal":   stopHandled,
		"stop kills what does not end":                  stopKills,
		"ports are free after stop":                     portsFreed,
		"usage grows with what the container does":      usage,
		"a container over its memory limit is killed":   overMemory,
		"after the end exec is an error and stop is ok": afterTheEnd,
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, subject)
		})
	}
}

// Buffer is a writer that several goroutines may use.
type Buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func (s Subject) start(t *testing.T, spec containers.Spec) (containers.Container, *Buffer, *Buffer) {
	t.Helper()
	stdout, stderr := &Buffer{}, &Buffer{}
	spec.ID = "containertest-" + ids.Hex(12)
	spec.Directory = t.TempDir()
	spec.Stdout, spec.Stderr = stdout, stderr
	if spec.Image == "" {
		spec.Image = s.Shell
	}
	require.NoError(t, s.Runtime.Pull(t.Context(), spec.Image))
	c, err := s.Runtime.Start(t.Context(), spec)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), deadline)
		defer cancel()
		assert.NoError(t, c.Stop(ctx, 0))
	})
	return c, stdout, stderr
}

func sh(script string) []string { return []string{"sh", "-c", script} }

func wait(t *testing.T, c containers.Container) {
	t.Helper()
	select {
	case <-c.Done():
	case <-time.After(deadline):
		require.Fail(t, "the container did not end")
	}
}

func missingImage(t *testing.T, s Subject) {
	err := s.Runtime.Pull(t.Context(), s.Missing)
	require.ErrorIs(t, err, containers.ErrCannotPull)
}

func exitCodes(t *testing.T, s Subject) {
	for name, test := range map[string]struct {
		script string
		want   int
	}{
		"success":           {"true", 0},
		"failure":           {"exit 3", 3},
		"command not found": {"no-such-command", 127},
		"killed":            {"kill -9 $$; sleep 60", 0},
	} {
		if name == "killed" {
			continue // number 1 can't be killed from within
		}
		c, _, _ := s.start(t, containers.Spec{Command: sh(test.script)})
		wait(t, c)
		assert.Equal(t, test.want, c.ExitCode(), name)
	}
}

func missingCommand(t *testing.T, s Subject) {
	_, err := s.Runtime.Start(t.Context(), containers.Spec{
		ID: "containertest-" + ids.Hex(12), Image: s.Shell, Command: []string{"no-such-command"},
		Directory: t.TempDir(), Stdout: io.Discard, Stderr: io.Discard,
	})
	require.ErrorContains(t, err, "no-such-command")
	require.ErrorContains(t, err, "not found")
}

func output(t *testing.T, s Subject) {
	c, stdout, stderr := s.start(t, containers.Spec{Command: sh("echo out; echo err >&2")})
	wait(t, c)
	assert.Equal(t, "out\n", stdout.String())
	assert.Equal(t, "err\n", stderr.String())
}

func environment(t *testing.T, s Subject) {
	c, stdout, _ := s.start(t, containers.Spec{
		Command: sh(`echo "$GREETING"; pwd`), Env: map[string]string{"GREETING": "hello there"}, WorkingDir: "/tmp",
	})
	wait(t, c)
	assert.Equal(t, "hello there\n/tmp\n", stdout.String())
}

func execInside(t *testing.T, s Subject) {
	c, stdout, _ := s.start(t, containers.Spec{Command: sh("echo inside > /tmp/file; echo ready; sleep 10000")})
	require.Eventually(t, func() bool { return stdout.String() == "ready\n" }, deadline, 5*time.Millisecond)
	code, text, err := c.Exec(t.Context(), []string{"cat", "/tmp/file"})
	require.NoError(t, err)
	assert.Equal(t, 0, code)
	assert.Equal(t, "inside\n", string(text))
	code, _, err = c.Exec(t.Context(), sh("exit 4"))
	require.NoError(t, err)
	assert.Equal(t, 4, code)
}

func execDeadline(t *testing.T, s Subject) {
	c, _, _ := s.start(t, containers.Spec{Command: sh("sleep 10000")})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, _, err := c.Exec(ctx, sh("sleep 10000"))
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func mounts(t *testing.T, s Subject) {
	shared, fixed := t.TempDir(), t.TempDir()
	c, _, _ := s.start(t, containers.Spec{
		Command: sh("echo written > /shared/file; echo refused > /fixed/file || exit 7"),
		Mounts:  []containers.Mount{{Source: shared, Target: "/shared"}, {Source: fixed, Target: "/fixed", ReadOnly: true}},
	})
	wait(t, c)
	assert.Equal(t, 7, c.ExitCode())
	assert.FileExists(t, shared+"/file")
	assert.NoFileExists(t, fixed+"/file")
}

// hostPort is a free port on an address of the network.
func (s Subject) hostPort(t *testing.T) netip.AddrPort {
	t.Helper()
	address, err := s.Network.Allocate()
	require.NoError(t, err)
	t.Cleanup(func() { s.Network.Release(address) })
	return netip.AddrPortFrom(address, 32768)
}

func (s Subject) web(t *testing.T, host netip.AddrPort) containers.Container {
	t.Helper()
	c, _, _ := s.start(t, containers.Spec{
		Image: s.Web, Command: s.WebCommand, Ports: []containers.Port{{Container: 80, Protocol: "tcp", Host: host}},
	})
	require.Eventually(t, func() bool { return s.get(t, host) == "served" }, deadline, 20*time.Millisecond)
	return c
}

func (s Subject) get(t *testing.T, host netip.AddrPort) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host.String()+"/", nil)
	require.NoError(t, err)
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return s.Network.Dial(ctx, netip.Addr{}, host)
		},
	}}
	response, err := client.Do(request)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	return string(bytes.TrimSpace(body))
}

func publishedPort(t *testing.T, s Subject) {
	s.web(t, s.hostPort(t))
}

func unusedPort(t *testing.T, s Subject) {
	host := s.hostPort(t)
	s.start(t, containers.Spec{
		Command: sh("sleep 10000"), Ports: []containers.Port{{Container: 81, Protocol: "tcp", Host: host}},
	})
	conn, err := s.Network.Dial(t.Context(), netip.Addr{}, host)
	if err != nil { // the reset came before connect had returned
		require.ErrorIs(t, err, syscall.ECONNRESET)
		return
	}
	defer func() { _ = conn.Close() }()
	require.NoError(t, conn.SetDeadline(time.Now().Add(deadline)))
	_, err = conn.Read(make([]byte, 1))
	require.Error(t, err)
	assert.NotErrorIs(t, err, os.ErrDeadlineExceeded, "closed at once, not left hanging")
}

func takenPort(t *testing.T, s Subject) {
	host := s.hostPort(t)
	listener, err := s.Network.Listen(t.Context(), host)
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	_, err = s.Runtime.Start(t.Context(), containers.Spec{
		ID: "containertest-" + ids.Hex(12), Image: s.Shell, Command: sh("sleep 10000"), Directory: t.TempDir(),
		Stdout: io.Discard, Stderr: io.Discard, Ports: []containers.Port{{Container: 80, Protocol: "tcp", Host: host}},
	})
	require.ErrorContains(t, err, strconv.Itoa(int(host.Port())))
}

func stopHandled(t *testing.T, s Subject) {
	c, stdout, _ := s.start(t, containers.Spec{
		Command: sh("trap 'exit 5' TERM; echo ready; while true; do sleep 0.05; done"),
	})
	require.Eventually(t, func() bool { return stdout.String() == "ready\n" }, deadline, 5*time.Millisecond)
	require.NoError(t, c.Stop(t.Context(), deadline))
	assert.Equal(t, 5, c.ExitCode())
}

func stopKills(t *testing.T, s Subject) {
	c, stdout, _ := s.start(t, containers.Spec{Command: sh("trap '' TERM; echo ready; sleep 10000")})
	require.Eventually(t, func() bool { return stdout.String() == "ready\n" }, deadline, 5*time.Millisecond)
	require.NoError(t, c.Stop(t.Context(), 10*time.Millisecond))
	assert.Equal(t, 137, c.ExitCode())
}

func portsFreed(t *testing.T, s Subject) {
	host := s.hostPort(t)
	c := s.web(t, host)
	require.NoError(t, c.Stop(t.Context(), deadline))
	s.web(t, host)
}

func usage(t *testing.T, s Subject) {
	if s.NoCPUTime != "" {
		t.Skip("skipped: " + s.NoCPUTime)
	}
	c, _, _ := s.start(t, containers.Spec{Command: sh("while :; do :; done")})
	first, err := c.Usage(t.Context())
	require.NoError(t, err)
	assert.Positive(t, first.MemoryMiB)
	require.Eventually(t, func() bool {
		now, err := c.Usage(t.Context())
		return err == nil && now.CPU >= first.CPU+20*time.Millisecond && now.At.After(first.At)
	}, deadline, 5*time.Millisecond, "no processor time is counted")
	require.NoError(t, c.Stop(t.Context(), 0))
	_, err = c.Usage(t.Context())
	require.Error(t, err, "of a container that has ended")
}

func overMemory(t *testing.T, s Subject) {
	c, _, _ := s.start(t, containers.Spec{Command: sh("s=aaaa; while :; do s=$s$s; done"), MemoryMiB: 64})
	wait(t, c)
	assert.Equal(t, 137, c.ExitCode())
	assert.True(t, c.OutOfMemory())
	c, _, _ = s.start(t, containers.Spec{Command: sh("exit 137"), MemoryMiB: 64})
	wait(t, c)
	assert.False(t, c.OutOfMemory(), "its own exit code")
}

func afterTheEnd(t *testing.T, s Subject) {
	c, _, _ := s.start(t, containers.Spec{Command: sh("true")})
	wait(t, c)
	_, _, err := c.Exec(t.Context(), sh("true"))
	require.Error(t, err)
	require.NoError(t, c.Stop(t.Context(), 0))
}
