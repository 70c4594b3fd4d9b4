package embedded

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/loopback"
)

// Container implements containers.Container.
type Container struct {
	kernel     *kernel.Kernel
	files      *kernel.Tree
	main       *kernel.Process
	env        map[string]string
	workingDir string
	stopSignal kernel.Signal

	publishing sync.WaitGroup
	published  []interface{ Close() error } // host ports
	done       chan struct{}
}

// Done is closed when all has ended and the host ports are free.
func (c *Container) Done() <-chan struct{} { return c.done }

// ExitCode is the main process's.
func (c *Container) ExitCode() int { return c.main.ExitCode() }

// OutOfMemory reports whether the container wanted more than its limit.
func (c *Container) OutOfMemory() bool { return c.kernel.Memory.Exhausted() }

// reap waits for the main process, then for all that it left behind.
func (c *Container) reap() {
	<-c.main.Done()
	_ = c.abandon() // closing what may be closed already
	close(c.done)
}

// abandon ends everything.
func (c *Container) abandon() error {
	c.kernel.Kill()
	for _, port := range c.published {
		_ = port.Close() // it may be closed already
	}
	c.publishing.Wait()
	c.kernel.Wait()
	return c.files.Close()
}

// maxExecOutput bounds what is kept of a command's output, in bytes.
const maxExecOutput = 64 << 10

// Exec runs a command in the container's tree.
func (c *Container) Exec(ctx context.Context, command []string) (int, []byte, error) {
	// What is run from outside, as a health check by the clock of localaws, is
	// no load: at a hundred times AWS's pace it would look like one.
	session, cancel := context.WithCancel(kernel.Unmetered(c.kernel.Context()))
	output := &tailBuffer{limit: maxExecOutput}
	p, err := c.kernel.RunCommand(session, kernel.Spec{ //nolint:contextcheck // it lives with the container; ctx only bounds the waiting
		Args: command, Env: c.env, Dir: c.workingDir, Stdout: output, Stderr: output,
	})
	if err != nil {
		cancel()
		if c.kernel.Context().Err() != nil {
			return 0, nil, errors.New("the container is not running")
		}
		text := fmt.Sprintf("OCI runtime exec failed: exec failed: unable to start container process: %s", err)
		return 127, []byte(text), nil
	}
	select {
	case <-p.Done():
		cancel()
		return p.ExitCode(), output.bytes(), nil
	case <-ctx.Done():
		cancel()
		<-p.Done()
		return 0, output.bytes(), fmt.Errorf("running %q in the container: %w", command, ctx.Err())
	}
}

// processMemory is what a process counts, in MiB, beside what the kernel has
// charged: an estimate of what the real program would hold.
const processMemory = 4

// Usage is the processor time that the kernel has counted, and an estimate of the
// memory.
func (c *Container) Usage(context.Context) (containers.Usage, error) {
	select {
	case <-c.done:
		return containers.Usage{}, errors.New("the container is not running")
	default:
	}
	memory := c.kernel.Memory
	held := memory.Used() + int64(processMemory*len(c.kernel.Processes()))<<20
	return containers.Usage{
		CPU: c.kernel.CPUTime(), At: time.Now(), MemoryMiB: float64(min(held, memory.Limit())) / (1 << 20),
	}, nil
}

// Stop sends the image's stop signal, waits for grace, then kills.
func (c *Container) Stop(ctx context.Context, grace time.Duration) error {
	c.main.Signal(c.stopSignal)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-c.done:
		return nil
	case <-timer.C:
	case <-ctx.Done():
	}
	c.main.Signal(kernel.SIGKILL)
	<-c.done
	return nil
}

// publish opens the host ports.
func (c *Container) publish(ctx context.Context, network *loopback.Network, ports []containers.Port) error {
	for _, port := range ports {
		if port.Protocol == "udp" {
			conn, err := network.ListenPacket(ctx, port.Host)
			if err != nil {
				return bindFailed(port, err)
			}
			c.published = append(c.published, conn)
			c.publishing.Go(func() { c.forwardPackets(conn, port.Container) })
			continue
		}
		listener, err := network.Listen(ctx, port.Host)
		if err != nil {
			return bindFailed(port, err)
		}
		c.published = append(c.published, listener)
		c.publishing.Go(func() { c.forward(listener, port.Container) }) //nolint:contextcheck // it lives with the container; ctx bounds starting
	}
	return nil
}

func bindFailed(port containers.Port, err error) error {
	return fmt.Errorf("Error response from daemon: failed to set up container networking: driver failed programming external connectivity on endpoint: "+
		"failed to bind host port for %s:%d: %w", port.Host, port.Container, err)
}

// forward hands connections to what listens in the container. One that nothing
// listens for is reset, as a proxy does whose own connection is refused.
func (c *Container) forward(listener net.Listener, port uint16) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		c.publishing.Go(func() {
			if c.kernel.Ports.Deliver(c.kernel.Context(), port, conn) != nil {
				if tcp, ok := conn.(*net.TCPConn); ok {
					_ = tcp.SetLinger(0)
				}
				_ = conn.Close()
			}
		})
	}
}

func (c *Container) forwardPackets(conn net.PacketConn, port uint16) {
	buffer := make([]byte, 1<<16)
	for {
		n, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		reply := func(b []byte) error {
			_, err := conn.WriteTo(b, from)
			return err
		}
		_ = c.kernel.Ports.DeliverPacket(port, append([]byte(nil), buffer[:n]...), from, reply) // dropped, as UDP is
	}
}

// tailBuffer keeps the last bytes that were written to it.
type tailBuffer struct {
	mu    sync.Mutex
	limit int
	data  []byte
}

func (t *tailBuffer) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.data = append(t.data, b...)
	if extra := len(t.data) - t.limit; extra > 0 {
		t.data = append([]byte(nil), t.data[extra:]...)
	}
	return len(b), nil
}

func (t *tailBuffer) bytes() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]byte(nil), t.data...)
}
