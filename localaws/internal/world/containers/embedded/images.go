package embedded

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/daemons"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/httpd"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/nginx"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/tempo"
)

// image is what the embedded runtime knows by a name.
type image struct {
	repository string // without docker.io and library/
	tags       *regexp.Regexp
	base       Base
	entryPoint []string
	command    []string
	env        map[string]string
	workingDir string
	stopSignal kernel.Signal // what Stop sends; 0 means SIGTERM
	install    func(files *kernel.Tree) error
	tools      []string // what the image has beside its base's, but for its Alpine flavor
	programs   map[string]kernel.Program
}

// tags of a version scheme: latest, or versions beginning with major, with an
// optional flavor after a hyphen.
func tags(major string) *regexp.Regexp {
	return regexp.MustCompile(`^(latest|stable|mainline|alpine|[a-z]+|(` + major + `)(\.[0-9a-z]+)*)(-[a-z0-9.]+)*$`)
}

// images are all that can be pulled.
func images() []image {
	return []image{
		{
			repository: "httpd", tags: tags("2"), base: Debian,
			command: []string{"httpd-foreground"}, env: httpd.Env(), workingDir: httpd.Prefix,
			stopSignal: kernel.SIGWINCH, install: httpd.Install, programs: httpd.Programs(),
			tools: []string{"openssl"}, // which the package of CA certificates needs
		},
		{
			repository: "nginx", tags: tags("1"), base: Debian, command: []string{"nginx", "-g", "daemon off;"},
			stopSignal: kernel.SIGQUIT, install: nginx.Install, programs: nginx.Programs(),
		},
		{
			repository: "grafana/tempo", tags: tags("2|main"), base: Alpine,
			entryPoint: []string{"/tempo"}, install: tempo.Install, programs: tempo.Programs(),
		},
		{
			repository: "public.ecr.aws/cloudwatch-agent/cloudwatch-agent", tags: tags("1"), base: NoBase,
			entryPoint: []string{daemons.CloudWatchAgentCommand}, install: daemons.InstallCloudWatchAgent, programs: daemons.Programs(),
			env: map[string]string{"RUN_IN_CONTAINER": "True"},
		},
		{
			repository: "timberio/vector", tags: tags("0|nightly"), base: Debian,
			entryPoint: []string{"/usr/local/bin/vector"}, install: daemons.InstallVector, programs: daemons.Programs(),
		},
		shellImage("debian", `1[0-9]|[0-9]{8}`, Debian, "bash"),
		shellImage("alpine", `3|[0-9]{8}`, Alpine, "/bin/sh"),
		shellImage("busybox", `1`, Alpine, "sh"),
		{
			repository: "public.ecr.aws/aws-cli/aws-cli", tags: tags("2"), base: AmazonLinux,
			entryPoint: []string{"/usr/local/bin/aws"}, workingDir: "/aws", install: installAWSCLI,
		},
	}
}

// installAWSCLI puts a command there that says what it can't do: a container has
// no way to the API of localaws.
func installAWSCLI(files *kernel.Tree) error {
	return kernel.InstallProgram(files, "/usr/local/bin/aws", "not-embedded")
}

func shellImage(repository, major string, base Base, command string) image {
	return image{repository: repository, tags: tags(major), base: base, command: []string{command}}
}

// pullError is what Docker says about an image that it can't pull.
type pullError struct{ text string }

func (e *pullError) Error() string { return e.text }
func (e *pullError) Unwrap() error { return containers.ErrCannotPull }

// find looks an image up by its reference.
func (r *Runtime) find(reference string) (*image, error) {
	repository, tag := parseReference(reference)
	for i := range r.images {
		known := &r.images[i]
		if known.repository != repository {
			continue
		}
		if !known.tags.MatchString(tag) {
			return nil, &pullError{fmt.Sprintf(
				"Error response from daemon: manifest for %s not found: manifest unknown: manifest unknown", reference)}
		}
		if strings.Contains(tag, "alpine") && known.base == Debian {
			variant := *known
			variant.base = Alpine
			return &variant, nil
		}
		return known, nil
	}
	return nil, &pullError{fmt.Sprintf(
		"Error response from daemon: pull access denied for %s, repository does not exist or may require 'docker login': "+
			"denied: requested access to the resource is denied (the embedded runtime knows %s; %s pulls real images)",
		strings.TrimSuffix(reference, ":"+tag), strings.Join(r.known(), ", "), kernel.RealImages)}
}

func (r *Runtime) known() []string {
	var names []string
	for _, known := range r.images {
		names = append(names, known.repository)
	}
	return names
}

// parseReference takes an image's name apart; mirrors of Docker's own library
// are the same as it.
func parseReference(reference string) (repository, tag string) {
	repository, _, digest := strings.Cut(reference, "@")
	if at := strings.LastIndexByte(repository, ':'); at > strings.LastIndexByte(repository, '/') {
		repository, tag = repository[:at], repository[at+1:]
	}
	if tag == "" || digest {
		tag = "latest"
	}
	for _, prefix := range []string{
		"docker.io/", "index.docker.io/", "registry-1.docker.io/", "public.ecr.aws/docker/", "mirror.gcr.io/", "library/",
	} {
		repository = strings.TrimPrefix(repository, prefix)
	}
	return repository, tag
}
