package machines

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/machines/cloudinit"
)

// Files on an instance's disk.
const (
	bootFinished = "/var/lib/cloud/instance/boot-finished"
	scriptsDir   = "/var/lib/cloud/instance/scripts"
)

// boot opens the instance's disk. On the first boot it is laid out, and what the
// user data says is done; after a restart of localaws the disk is there already.
func (m *Machine) boot(ctx context.Context) error {
	root := filepath.Join(m.Directory(), "disk")
	if err := os.MkdirAll(root, 0o755); err != nil { //nolint:gosec // as on an instance
		return fmt.Errorf("making the instance's disk: %w", err)
	}
	disk, err := kernel.OpenTree(root)
	if err != nil {
		return err
	}
	m.disk = disk
	if _, err := disk.Stat(bootFinished); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	hostname := "ip-" + strings.ReplaceAll(m.Instance.PrivateIP, ".", "-")
	if err := m.layOut(hostname); err != nil {
		return fmt.Errorf("laying out the instance's disk: %w", err)
	}
	m.userData(ctx, hostname)
	if ctx.Err() != nil {
		return fmt.Errorf("booting: %w", ctx.Err())
	}
	return disk.WriteFile(bootFinished, nil, 0o644)
}

// layOut makes the files of the instance's image.
func (m *Machine) layOut(hostname string) error {
	if err := embedded.InstallBase(m.disk, embedded.AmazonLinux, hostname); err != nil {
		return err
	}
	for _, directory := range []string{"/etc/sysconfig", "/etc/systemd/system", path.Dir(bootFinished), scriptsDir} {
		if err := m.disk.MkdirAll(directory, 0o755); err != nil {
			return err
		}
	}
	return m.machines.Service.Install(m.disk)
}

// userData does what the user data says, in cloud-init's order.
func (m *Machine) userData(ctx context.Context, hostname string) {
	config := cloudinit.Parse(m.Instance.UserData)
	for _, warning := range config.Warnings {
		m.Log("cloud-init: %s", warning)
	}
	if config.Hostname != "" {
		hostname = config.Hostname
	}
	k := kernel.New(kernel.Options{ //nolint:contextcheck // it outlives the boot
		Files: m.disk, Clock: m.machines.account.Clock, Hostname: hostname, Programs: embedded.Programs(), Absent: absent(),
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			return m.Dial(ctx, network, address, false)
		},
		InitSurvives: true, Budget: m.machines.Budget,
	})
	// Number 1 is init: the others live until it is killed.
	_, err := k.Start(ctx, kernel.Spec{Args: []string{"init"}}, func(ctx context.Context, _ *kernel.Process) int {
		<-ctx.Done()
		return 0
	})
	if err != nil {
		m.Log("cloud-init: %s", err)
		return
	}
	defer func() { k.Kill(); k.Wait() }()
	for _, command := range config.Boot {
		m.runCommand(ctx, k, "bootcmd", command)
	}
	for _, file := range config.Files {
		if err := m.writeFile(file); err != nil {
			m.Log("cloud-init: write_files: %s", err)
		}
	}
	for i := range config.Users {
		if err := m.addUser(&config.Users[i]); err != nil {
			m.Log("cloud-init: users: %s: %s", config.Users[i].Name, err)
		}
	}
	for _, command := range config.Run {
		m.runCommand(ctx, k, "runcmd", command)
	}
	for _, script := range config.Scripts {
		name := path.Join(scriptsDir, script.Name)
		if err := m.disk.WriteFile(name, script.Content, 0o700); err != nil {
			m.Log("cloud-init: %s", err)
			continue
		}
		m.runCommand(ctx, k, "script "+script.Name, cloudinit.Command{Words: []string{name}})
	}
}

func (m *Machine) writeFile(file cloudinit.File) error {
	if err := m.disk.MkdirAll(path.Dir(file.Path), 0o755); err != nil {
		return err
	}
	content := file.Content
	if file.Append {
		before, err := m.disk.ReadFile(file.Path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		content = append(before, content...)
	}
	if err := m.disk.WriteFile(file.Path, content, file.Mode); err != nil {
		return err
	}
	return m.disk.Chmod(file.Path, file.Mode)
}

// runCommand runs a command of the user data and logs its output and failure.
// The next one runs all the same, as cloud-init's do.
func (m *Machine) runCommand(ctx context.Context, k *kernel.Kernel, kind string, command cloudinit.Command) {
	words := command.Words
	if len(words) == 0 {
		words = []string{"/bin/sh", "-c", command.Line}
	}
	reader, writer := io.Pipe()
	logged := make(chan struct{})
	go func() {
		defer close(logged)
		m.logLines(kind, reader)
	}()
	p, err := k.RunCommand(ctx, kernel.Spec{
		Args: words, Dir: "/", Stdout: writer, Stderr: writer,
		Env: map[string]string{"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "USER": "root", "INSTANCE_ID": m.Instance.ID},
	})
	code := 127
	if err == nil {
		<-p.Done()
		code = p.ExitCode()
	}
	_ = writer.Close()
	<-logged
	if k.Memory.Exhausted() {
		m.Log("kernel: Out of memory: killed what the user data runs, which may take %d MiB of localaws", k.Memory.Limit()>>20)
	}
	switch {
	case err != nil:
		m.Log("cloud-init: %s: %s: %s", kind, words[0], kernel.Reason(err))
	case code != 0:
		m.Log("cloud-init: %s failed with exit code %d: %s", kind, code, describe(words))
	}
}

func describe(words []string) string {
	text := strings.Join(words, " ")
	if len(text) > 200 {
		text = text[:200] + "..."
	}
	return text
}

// maxOutput bounds what is kept of the output of an instance's user data, in bytes,
// and maxOutputLine what is kept of a line.
const (
	maxOutput     = 1 << 20
	maxOutputLine = 8 << 10
)

func (m *Machine) logLines(kind string, r *io.PipeReader) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		line = line[:min(len(line), maxOutputLine)]
		before := m.output
		m.output += len(line) + 1
		switch {
		case m.output <= maxOutput:
			m.Log("%s: %s", kind, line)
		case before <= maxOutput:
			m.Log("cloud-init: what is written beyond %d bytes is left out", maxOutput)
		}
	}
	_ = r.CloseWithError(lines.Err()) // the writer learns why
}

// ineffective are commands of the system that user data often calls and that
// change nothing that can be seen here; they say so and succeed.
var ineffective = strings.Fields("systemctl service yum dnf rpm amazon-linux-extras iptables ip6tables nft sysctl modprobe " +
	"mount umount mkfs mkfs.ext4 mkfs.xfs swapon mkswap fallocate blkid useradd usermod groupadd passwd chpasswd timedatectl " +
	"hostnamectl localectl start stop restart docker aws ec2-metadata cfn-init cfn-signal logger nvidia-smi")

// absent are the programs that a real instance has and that do nothing here.
func absent() map[string]kernel.Program {
	programs := embedded.Absent(embedded.AmazonLinux)
	for _, command := range ineffective {
		programs[command] = func(_ context.Context, p *kernel.Process) int {
			p.Errorf("%s: has no effect on an instance of localaws", strings.Join(p.Args, " "))
			return 0
		}
	}
	return programs
}
