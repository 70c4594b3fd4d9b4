package docker

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers"
)

// killedExitCode is what is said of a container whose end could not be seen.
const killedExitCode = 137

// Container implements containers.Container.
type Container struct {
	runtime    *Runtime
	id         string
	stopSignal string
	done       chan struct{}

	mu          sync.Mutex
	exitCode    int
	outOfMemory bool
}

func (c *Container) path(suffix string) string { return "/containers/" + c.id + suffix }

// start starts the container and follows it until it has ended: its output goes
// to the spec's streams, then it is removed.
func (c *Container) start(ctx context.Context, spec containers.Spec) error {
	client := c.runtime.client
	var inspected struct{ Config struct{ StopSignal string } }
	if err := client.call(ctx, http.MethodGet, c.path("/json"), nil, nil, &inspected); err != nil {
		return err
	}
	c.stopSignal = inspected.Config.StopSignal
	if c.stopSignal == "" {
		c.stopSignal = "SIGTERM"
	}
	if err := client.call(ctx, http.MethodPost, c.path("/start"), nil, nil, nil); err != nil {
		return err
	}
	go c.follow(context.WithoutCancel(ctx), spec)
	return nil
}

// follow ends with the container, which Stop sees to.
func (c *Container) follow(ctx context.Context, spec containers.Spec) {
	defer close(c.done)
	client := c.runtime.client
	query := url.Values{"follow": {"true"}, "stdout": {"true"}, "stderr": {"true"}}
	if response, err := client.request(ctx, http.MethodGet, c.path("/logs"), query, nil); err == nil {
		// The stream ends with the container; if it breaks before, waiting goes on.
		_ = demultiplex(response.Body, spec.Stdout, spec.Stderr)
		_ = response.Body.Close()
	}
	var ended struct{ StatusCode int }
	if client.call(ctx, http.MethodPost, c.path("/wait"), nil, nil, &ended) != nil {
		ended.StatusCode = killedExitCode
	}
	var inspected struct{ State struct{ OOMKilled bool } }
	_ = client.call(ctx, http.MethodGet, c.path("/json"), nil, nil, &inspected) // then it is not known
	c.mu.Lock()
	c.exitCode, c.outOfMemory = ended.StatusCode, inspected.State.OOMKilled
	c.mu.Unlock()
	_ = c.runtime.remove(ctx, c.id) // what stays is found by its labels
}

// Usage asks the daemon, which reads the container's control group,
// https://docs.docker.com/reference/api/engine/version/v1.44/#tag/Container/operation/ContainerStats.
// As `docker stats` does, memory leaves out the files that the kernel could drop.
func (c *Container) Usage(ctx context.Context) (containers.Usage, error) {
	var stats struct {
		Read     time.Time `json:"read"`
		CPUStats struct {
			Usage struct {
				Total int64 `json:"total_usage"` // nanoseconds
			} `json:"cpu_usage"`
		} `json:"cpu_stats"`
		MemoryStats struct {
			Usage int64            `json:"usage"`
			Stats map[string]int64 `json:"stats"`
		} `json:"memory_stats"`
	}
	query := url.Values{"stream": {"false"}, "one-shot": {"true"}}
	if err := c.runtime.client.call(ctx, http.MethodGet, c.path("/stats"), query, nil, &stats); err != nil {
		return containers.Usage{}, err
	}
	if stats.Read.IsZero() {
		return containers.Usage{}, errors.New("the container is not running")
	}
	memory := stats.MemoryStats.Usage
	for _, name := range []string{"total_inactive_file", "inactive_file"} { // cgroup v1, v2
		if inactive, ok := stats.MemoryStats.Stats[name]; ok && inactive < memory {
			memory -= inactive
			break
		}
	}
	return containers.Usage{
		CPU: time.Duration(stats.CPUStats.Usage.Total), At: stats.Read, MemoryMiB: float64(memory) / (1 << 20),
	}, nil
}

// Done is closed when the container has ended and is removed.
func (c *Container) Done() <-chan struct{} { return c.done }

// ExitCode is valid once Done is closed.
func (c *Container) ExitCode() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.exitCode
}

// OutOfMemory is what the daemon says of the container's end.
func (c *Container) OutOfMemory() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.outOfMemory
}

// Exec runs a command in the container. Docker can't end one: after ctx it is
// left to itself.
func (c *Container) Exec(ctx context.Context, command []string) (int, []byte, error) {
	client := c.runtime.client
	var created struct {
		ID string `json:"Id"`
	}
	body := map[string]any{"AttachStdout": true, "AttachStderr": true, "Cmd": command}
	if err := client.call(ctx, http.MethodPost, c.path("/exec"), nil, body, &created); err != nil {
		return 0, nil, fmt.Errorf("running %q in the container: %w", command, err)
	}
	response, err := client.request(ctx, http.MethodPost, "/exec/"+created.ID+"/start", nil, map[string]any{"Detach": false, "Tty": false})
	if err != nil {
		return 0, nil, fmt.Errorf("running %q in the container: %w", command, err)
	}
	defer func() { _ = response.Body.Close() }()
	var output bytes.Buffer
	if err := demultiplex(response.Body, &output, &output); err != nil {
		return 0, output.Bytes(), fmt.Errorf("running %q in the container: %w", command, errors.Join(ctx.Err(), err))
	}
	var ended struct{ ExitCode int }
	if err := client.call(ctx, http.MethodGet, "/exec/"+created.ID+"/json", nil, nil, &ended); err != nil {
		return 0, output.Bytes(), fmt.Errorf("running %q in the container: %w", command, err)
	}
	return ended.ExitCode, output.Bytes(), nil
}

// Stop sends the image's stop signal, waits for grace, then kills.
func (c *Container) Stop(ctx context.Context, grace time.Duration) error {
	if grace > 0 {
		c.signal(ctx, c.stopSignal)
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-c.done:
		return nil
	case <-timer.C:
	case <-ctx.Done():
	}
	ctx = context.WithoutCancel(ctx)
	c.signal(ctx, "SIGKILL")
	select {
	case <-c.done:
		return nil
	case <-time.After(killTimeout):
		return fmt.Errorf("container %s did not end within %s of SIGKILL", c.id, killTimeout)
	}
}

// killTimeout is how long the daemon may take to end and remove a container.
const killTimeout = 30 * time.Second

// signal sends a signal; a container that has ended takes none.
func (c *Container) signal(ctx context.Context, name string) {
	_ = c.runtime.client.call(ctx, http.MethodPost, c.path("/kill"), url.Values{"signal": {name}}, nil, nil)
}

// demultiplex splits a stream of frames: a header of 8 bytes, the first of which
// says which stream (1 stdout, 2 stderr) and the last four how many bytes follow.
// https://docs.docker.com/reference/api/engine/#tag/Container/operation/ContainerAttach
func demultiplex(r io.Reader, stdout, stderr io.Writer) error {
	header := make([]byte, 8)
	for {
		if _, err := io.ReadFull(r, header); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("reading a stream of Docker: %w", err)
		}
		w := stdout
		if header[0] == 2 {
			w = stderr
		}
		if w == nil {
			w = io.Discard
		}
		if _, err := io.CopyN(w, r, int64(binary.BigEndian.Uint32(header[4:]))); err != nil {
			return fmt.Errorf("reading a stream of Docker: %w", err)
		}
	}
}
