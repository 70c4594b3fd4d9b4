package agent

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

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/agent/cloudinit"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

// Files on an instance's disk.
const (
	agentConfig  = "/etc/ecs/ecs.config"
	bootFinished = "/var/lib/cloud/instance/boot-finished"
	scriptsDir   = "/var/lib/cloud/instance/scripts"
)

// boot lays out the instance's disk and does what the user data says. After a
// restart of localaws the disk is there already and only the settings are read.
func (h *host) boot() error {
	root := filepath.Join(h.agents.instanceDirectory(h.instance.ID), "disk")
	if err := os.MkdirAll(root, 0o755); err != nil { //nolint:gosec // as on an instance
		return fmt.Errorf("making the instance's disk: %w", err)
	}
	disk, err := kernel.OpenTree(root)
	if err != nil {
		return err
	}
	h.disk = disk
	if _, err := disk.Stat(bootFinished); errors.Is(err, fs.ErrNotExist) {
		if err := h.firstBoot(); err != nil {
			return err
		}
	}
	content, err := disk.ReadFile(agentConfig)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("reading the agent's settings: %w", err)
	}
	s, problems := parseSettings(string(content))
	for _, problem := range problems {
		h.log("ecs-agent: %s", problem)
	}
	h.settings = s
	h.ports.setRange(s.firstPort, s.lastPort)
	return nil
}

func (h *host) firstBoot() error {
	hostname := "ip-" + strings.ReplaceAll(h.instance.PrivateIP, ".", "-")
	if err := embedded.InstallBase(h.disk, embedded.AmazonLinux, hostname); err != nil {
		return err
	}
	for _, command := range ineffective {
		if err := kernel.InstallProgram(h.disk, path.Join("/usr/bin", command), "ineffective"); err != nil {
			return fmt.Errorf("laying out the instance's disk: %w", err)
		}
	}
	for _, directory := range []string{"/etc/ecs", "/etc/sysconfig", "/etc/systemd/system", "/var/lib/ecs/data", "/var/log/ecs", path.Dir(bootFinished), scriptsDir} {
		if err := h.disk.MkdirAll(directory, 0o755); err != nil {
			return fmt.Errorf("laying out the instance's disk: %w", err)
		}
	}
	for name, content := range map[string]string{
		agentConfig:             "",
		"/etc/sysconfig/docker": "OPTIONS=\"--default-ulimit nofile=32768:65536\"\n",
	} {
		if err := h.disk.WriteFile(name, []byte(content), 0o644); err != nil {
			return fmt.Errorf("laying out the instance's disk: %w", err)
		}
	}
	h.userData(hostname)
	if h.ctx.Err() != nil {
		return fmt.Errorf("booting: %w", h.ctx.Err())
	}
	return h.disk.WriteFile(bootFinished, nil, 0o644)
}

// userData does what the user data says, in cloud-init's order.
func (h *host) userData(hostname string) {
	config := cloudinit.Parse(h.instance.UserData)
	for _, warning := range config.Warnings {
		h.log("cloud-init: %s", warning)
	}
	if config.Hostname != "" {
		hostname = config.Hostname
	}
	m := kernel.New(kernel.Options{
		Files: h.disk, Clock: h.agents.account.Clock, Hostname: hostname, Programs: h.programs(),
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			return h.dial(ctx, network, address, false)
		},
	})
	// Number 1 is init: the machine lives until it is killed.
	_, err := m.Start(h.ctx, kernel.Spec{Args: []string{"init"}}, func(ctx context.Context, _ *kernel.Process) int {
		<-ctx.Done()
		return 0
	})
	if err != nil {
		h.log("cloud-init: %s", err)
		return
	}
	defer func() { m.Kill(); m.Wait() }()
	for _, command := range config.Boot {
		h.runCommand(m, "bootcmd", command)
	}
	for _, file := range config.Files {
		if err := h.writeFile(file); err != nil {
			h.log("cloud-init: write_files: %s", err)
		}
	}
	for i := range config.Users {
		if err := h.addUser(&config.Users[i]); err != nil {
			h.log("cloud-init: users: %s: %s", config.Users[i].Name, err)
		}
	}
	for _, command := range config.Run {
		h.runCommand(m, "runcmd", command)
	}
	for _, script := range config.Scripts {
		name := path.Join(scriptsDir, script.Name)
		if err := h.disk.WriteFile(name, script.Content, 0o700); err != nil {
			h.log("cloud-init: %s", err)
			continue
		}
		h.runCommand(m, "script "+script.Name, cloudinit.Command{Words: []string{name}})
	}
}

func (h *host) writeFile(file cloudinit.File) error {
	if err := h.disk.MkdirAll(path.Dir(file.Path), 0o755); err != nil {
		return err
	}
	content := file.Content
	if file.Append {
		before, err := h.disk.ReadFile(file.Path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		content = append(before, content...)
	}
	if err := h.disk.WriteFile(file.Path, content, file.Mode); err != nil {
		return err
	}
	return h.disk.Chmod(file.Path, file.Mode)
}

// runCommand runs a command of the user data and logs its output and failure.
// The next one runs all the same, as cloud-init's do.
func (h *host) runCommand(m *kernel.Kernel, kind string, command cloudinit.Command) {
	words := command.Words
	if len(words) == 0 {
		words = []string{"/bin/sh", "-c", command.Line}
	}
	reader, writer := io.Pipe()
	logged := make(chan struct{})
	go func() {
		defer close(logged)
		h.logLines(kind, reader)
	}()
	p, err := m.RunCommand(h.ctx, kernel.Spec{
		Args: words, Dir: "/", Stdout: writer, Stderr: writer,
		Env: map[string]string{"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "USER": "root", "INSTANCE_ID": h.instance.ID},
	})
	code := 127
	if err == nil {
		<-p.Done()
		code = p.ExitCode()
	}
	_ = writer.Close()
	<-logged
	switch {
	case err != nil:
		h.log("cloud-init: %s: %s: %s", kind, words[0], kernel.Reason(err))
	case code != 0:
		h.log("cloud-init: %s failed with exit code %d: %s", kind, code, describe(words))
	}
}

func describe(words []string) string {
	text := strings.Join(words, " ")
	if len(text) > 200 {
		text = text[:200] + "..."
	}
	return text
}

func (h *host) logLines(kind string, r *io.PipeReader) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		h.log("%s: %s", kind, lines.Text())
	}
	_ = r.CloseWithError(lines.Err()) // the writer learns why nobody reads on
}

// ineffective are commands of the system that user data often calls and that
// change nothing that can be seen here; they say so and succeed.
var ineffective = strings.Fields("systemctl service yum dnf rpm amazon-linux-extras iptables ip6tables nft sysctl modprobe " +
	"mount umount mkfs mkfs.ext4 mkfs.xfs swapon mkswap fallocate blkid useradd usermod groupadd passwd chpasswd timedatectl " +
	"hostnamectl localectl start stop restart docker aws ec2-metadata cfn-init cfn-signal logger nvidia-smi")

func (h *host) programs() map[string]kernel.Program {
	programs := embedded.Programs()
	programs["ineffective"] = func(_ context.Context, p *kernel.Process) int {
		p.Errorf("%s: has no effect on an instance of localaws", strings.Join(p.Args, " "))
		return 0
	}
	return programs
}
