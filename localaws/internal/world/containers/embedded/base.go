package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/shell"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/tools"
)

// Base is the operating system that an image is built on.
type Base int

// Debian has dash and bash, Alpine busybox's sh, AmazonLinux bash and
// curl. NoBase has no programs at all, as images built from scratch.
const (
	Debian Base = iota
	Alpine
	AmazonLinux
	NoBase
)

// defaultPath is where programs are looked for when an image does not say.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Programs are all programs that files may stand for: tools, shells and servers.
func Programs() map[string]kernel.Program {
	programs := tools.Programs()
	programs["dash"] = shell.Program(shell.Dash)
	programs["bash"] = shell.Program(shell.Bash)
	programs["ash"] = shell.Program(shell.Ash)
	programs["not-embedded"] = notEmbedded
	return programs
}

// Absent are the programs that the real images of a base have and the embedded
// runtime has not: they say so, rather than that they do not exist.
func Absent(base Base) map[string]kernel.Program {
	programs := map[string]kernel.Program{}
	if base == NoBase {
		return programs
	}
	for _, name := range elsewhere {
		programs[name] = notEmbedded
	}
	if base == Alpine {
		programs["wget"] = notEmbedded
	}
	return programs
}

var elsewhere = strings.Fields("awk mawk find xargs tar gzip gunzip perl diff apt-get dpkg apk ldd" +
	" paste join od split tac nl fold expand comm csplit df du dd sync mount umount su chroot nice nohup" +
	" basename chown cp date dirname env id install kill mktemp mv nproc printenv ps readlink rmdir seq sort" +
	" stat tail tee timeout tr uname uniq wc whoami")

func notEmbedded(_ context.Context, p *kernel.Process) int {
	p.Errorf("%s: not provided by the embedded runtime; %s runs the real image", p.Name(), kernel.RealImages)
	return 126
}

// InstallBase lays out a base system.
func InstallBase(files *kernel.Tree, base Base, hostname string) error {
	directories := strings.Fields("/usr/bin /usr/sbin /usr/local/bin /usr/local/sbin /etc /dev /dev/fd /proc /sys /tmp /var/log /var/lib /var/tmp /var/cache /run /root /home /opt /srv /mnt")
	for _, directory := range directories {
		if err := files.MkdirAll(directory, 0o755); err != nil {
			return fmt.Errorf("laying out the base system: %w", err)
		}
	}
	for name, target := range map[string]string{"/bin": "usr/bin", "/sbin": "usr/sbin", "/var/run": "/run"} {
		if err := files.Symlink(target, name); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("laying out the base system: %w", err)
		}
	}
	for name, content := range baseFiles(base, hostname) {
		if err := files.WriteFile(name, []byte(content), 0o644); err != nil {
			return fmt.Errorf("laying out the base system: %w", err)
		}
	}
	if err := kernel.InstallPrograms(files, "/usr/bin", basePrograms(base)); err != nil {
		return fmt.Errorf("laying out the base system: %w", err)
	}
	return nil
}

func baseFiles(base Base, hostname string) map[string]string {
	release := map[Base]string{
		Debian:      "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID=\"12\"\n",
		Alpine:      "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.22.0\n",
		AmazonLinux: "NAME=\"Amazon Linux\"\nVERSION=\"2023\"\nID=\"amzn\"\nVERSION_ID=\"2023\"\n",
	}[base]
	return map[string]string{
		"/etc/os-release": release,
		"/etc/hostname":   hostname + "\n",
		"/etc/hosts":      fmt.Sprintf("127.0.0.1\tlocalhost\n%s\t%s\n", kernel.Address, hostname),
		"/etc/passwd":     "root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
		"/etc/group":      "root:x:0:\nwww-data:x:33:\nnogroup:x:65534:\n",
		// What is written to and read from these is the kernel's; see kernel.Process.Open.
		"/dev/null": "", "/dev/zero": "", "/dev/stdin": "", "/dev/stdout": "", "/dev/stderr": "",
	}
}

// basePrograms are the programs in /usr/bin, by the names of their files.
func basePrograms(base Base) map[string]string {
	files := map[string]string{}
	if base == NoBase {
		return files
	}
	for name := range tools.Programs() {
		switch name {
		case "curl", "openssl": // not in every image
		default:
			files[name] = name
		}
	}
	switch base {
	case Alpine:
		files["sh"], files["ash"] = "ash", "ash"
	case AmazonLinux:
		files["sh"], files["bash"], files["curl"] = "bash", "bash", "curl"
	default:
		files["sh"], files["dash"], files["bash"] = "dash", "dash", "bash"
	}
	return files
}
