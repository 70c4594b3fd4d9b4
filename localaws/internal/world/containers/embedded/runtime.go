// Package embedded is a container runtime inside this process. Images are known
// by name; a container is a kernel.Kernel: a file tree laid out as in the real
// image, a port space of its own, and programs that are Go functions. Nothing is
// downloaded and no privilege is needed.
package embedded

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/loopback"
)

// Runtime implements containers.Runtime.
type Runtime struct {
	clock   clock.Clock
	network *loopback.Network
	budget  *kernel.Budget
	images  []image
}

// New returns a runtime whose containers sleep by that clock, publish their ports on
// that network, and share that memory.
func New(c clock.Clock, network *loopback.Network, budget *kernel.Budget) *Runtime {
	return &Runtime{clock: c, network: network, budget: budget, images: images()}
}

// Name is "embedded".
func (r *Runtime) Name() string { return "embedded" }

// Pull makes sure that the image is known.
func (r *Runtime) Pull(_ context.Context, image string) error {
	_, err := r.find(image)
	return err
}

// Start lays out the image's tree in spec.Directory and runs its command.
func (r *Runtime) Start(ctx context.Context, spec containers.Spec) (containers.Container, error) {
	known, err := r.find(spec.Image)
	if err != nil {
		return nil, err
	}
	hostname := fmt.Sprintf("%x", sha256.Sum256([]byte(spec.ID)))[:12]
	files, err := layOut(known, spec, hostname)
	if err != nil {
		return nil, err
	}
	programs := Programs()
	maps.Copy(programs, known.programs)
	c := &Container{
		stopSignal: known.stopSignal,
		files:      files,
		done:       make(chan struct{}),
		kernel: kernel.New(kernel.Options{ //nolint:contextcheck // it outlives the request
			Files: files, Clock: r.clock, Hostname: hostname, Programs: programs,
			Absent: Absent(known.base), Dial: spec.Dial, MemoryMiB: spec.MemoryMiB, Budget: r.budget,
		}),
	}
	if c.stopSignal == 0 {
		c.stopSignal = kernel.SIGTERM
	}
	if err := c.publish(ctx, r.network, spec.Ports); err != nil {
		return nil, errors.Join(err, c.abandon())
	}
	if err := c.run(known, spec, hostname); err != nil { //nolint:contextcheck // it lives on; ctx bounds starting
		return nil, errors.Join(err, c.abandon())
	}
	return c, nil
}

// layOut makes the container's file tree.
func layOut(known *image, spec containers.Spec, hostname string) (*kernel.Tree, error) {
	root := filepath.Join(spec.Directory, "rootfs")
	if err := os.MkdirAll(root, 0o755); err != nil {
		return nil, fmt.Errorf("making the container's directory: %w", err)
	}
	files, err := kernel.OpenTree(root)
	if err != nil {
		return nil, err
	}
	if err := fill(files, known, spec, hostname); err != nil {
		return nil, errors.Join(err, files.Close())
	}
	return files, nil
}

func fill(files *kernel.Tree, known *image, spec containers.Spec, hostname string) error {
	if err := InstallBase(files, known.base, hostname); err != nil {
		return err
	}
	if known.install != nil {
		if err := known.install(files); err != nil {
			return err
		}
	}
	for _, tool := range known.tools {
		if known.base == Alpine {
			break
		}
		if err := kernel.InstallProgram(files, path.Join("/usr/bin", tool), tool); err != nil {
			return err
		}
	}
	for _, mount := range spec.Mounts {
		if err := files.Mount(mount.Source, mount.Target, mount.ReadOnly); err != nil {
			return err
		}
	}
	return nil
}

// run starts the main process.
func (c *Container) run(known *image, spec containers.Spec, hostname string) error {
	entryPoint, command := known.entryPoint, known.command
	if spec.EntryPoint != nil {
		entryPoint, command = spec.EntryPoint, nil
	}
	if spec.Command != nil {
		command = spec.Command
	}
	args := append(append([]string{}, entryPoint...), command...)
	c.env = map[string]string{"PATH": defaultPath, "HOME": "/root", "HOSTNAME": hostname}
	maps.Copy(c.env, known.env)
	maps.Copy(c.env, spec.Env)
	c.workingDir = path.Clean("/" + known.workingDir)
	if spec.WorkingDir != "" {
		c.workingDir = path.Clean("/" + spec.WorkingDir)
	}
	if err := c.files.MkdirAll(c.workingDir, 0o755); err != nil {
		return fmt.Errorf("making the working directory: %w", err)
	}
	if len(args) == 0 || args[0] == "" {
		return errors.New("Error response from daemon: no command specified")
	}
	var output sync.Mutex
	main, err := c.kernel.RunCommand(c.kernel.Context(), kernel.Spec{
		Args: args, Env: c.env, Dir: c.workingDir,
		Stdout: locked(&output, spec.Stdout), Stderr: locked(&output, spec.Stderr),
	})
	if err != nil {
		return cannotStart(args[0], err)
	}
	c.main = main
	go c.reap()
	return nil
}

// cannotStart is what Docker says of a command that can't be run.
func cannotStart(command string, err error) error {
	why := "executable file not found in $PATH"
	switch {
	case errors.Is(err, kernel.ErrNotExecutable):
		why = "permission denied"
	case strings.Contains(command, "/"):
		why = "stat " + command + ": no such file or directory"
	case !errors.Is(err, fs.ErrNotExist):
		why = err.Error()
	}
	return fmt.Errorf("Error response from daemon: failed to create task for container: failed to create shim task: "+
		"OCI runtime create failed: runc create failed: unable to start container process: exec: %q: %s: unknown", command, why)
}

// lockedWriter lets several processes write to one stream.
type lockedWriter struct {
	mu *sync.Mutex
	w  io.Writer
}

func locked(mu *sync.Mutex, w io.Writer) io.Writer {
	if w == nil {
		w = io.Discard
	}
	return &lockedWriter{mu, w}
}

func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}
