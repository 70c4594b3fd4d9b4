// Package containers says what localaws asks of a container runtime. There are
// two: embedded runs known images inside the process, docker runs real ones.
package containers

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"time"
)

// ErrCannotPull is wrapped by Pull's error when the image can't be pulled; its
// text is what ECS puts behind "CannotPullContainerError: ".
var ErrCannotPull = errors.New("cannot pull the image")

// Runtime runs containers.
type Runtime interface {
	// Name is "embedded" or "docker".
	Name() string
	// Pull makes sure of an image, such as "httpd" or "grafana/tempo:2.6.1".
	Pull(ctx context.Context, image string) error
	// Start creates and starts a container. The context bounds starting,
	// not running. A command that can't be run is an error, as Docker's
	// "CannotStartContainerError".
	Start(ctx context.Context, spec Spec) (Container, error)
}

// Spec is what to run.
type Spec struct {
	// ID is unique on this machine, and a file name.
	ID    string
	Image string
	// EntryPoint and Command replace the image's own when not nil.
	EntryPoint []string
	Command    []string
	Env        map[string]string
	WorkingDir string
	Ports      []Port
	Mounts     []Mount
	// Directory is where the container may keep its file tree; it exists
	// and belongs to this container. The runtime does not remove it.
	Directory string
	// MemoryMiB is the hard limit, 0 for the runtime's own. A container that
	// wants more is killed.
	MemoryMiB int
	// Stdout and Stderr get what the container's processes write.
	Stdout, Stderr io.Writer
	// Dial makes the container's outgoing connections, by name or address;
	// nil means that it has no network.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Port publishes a container's port, in bridge mode, on a host's address: the
// host port accepts from the start, as Docker's proxy does, and a connection is
// closed at once when nothing in the container listens on the port.
type Port struct {
	Container uint16
	Protocol  string // "tcp" or "udp"
	Host      netip.AddrPort
}

// Mount puts a directory of the machine into the container's tree.
type Mount struct {
	Source   string // a directory of this machine
	Target   string // absolute, in the container
	ReadOnly bool
}

// Container is a running or ended container.
type Container interface {
	// Done is closed when the main process has ended.
	Done() <-chan struct{}
	// ExitCode is valid once Done is closed: 137 after a kill, 143 after
	// SIGTERM, 139 and so on as Docker has it.
	ExitCode() int
	// OutOfMemory is valid once Done is closed: whether the container was
	// killed for wanting more than its limit.
	OutOfMemory() bool
	// Exec runs a command in the container, as a container health check
	// does, and returns its exit code and what it wrote.
	Exec(ctx context.Context, command []string) (exitCode int, output []byte, err error)
	// Usage is what the container uses; an error when it can't be told, as
	// after the container's end.
	Usage(ctx context.Context) (Usage, error)
	// Stop sends SIGTERM, waits for grace (wall time), then kills. It
	// returns when the container has ended and its ports are free.
	Stop(ctx context.Context, grace time.Duration) error
}

// Usage is what a container has used up to a moment.
type Usage struct {
	// CPU is the processor time of all its processes since it was started,
	// and At is when that was read: what lies between two readings, divided by
	// the time between them, is how many processors it kept busy.
	CPU time.Duration
	At  time.Time
	// MemoryMiB is what its processes hold now.
	MemoryMiB float64
}
