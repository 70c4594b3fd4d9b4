// Package daemons has programs of images that run beside a service on every
// instance: agents that collect logs and metrics. They read and check their
// configuration as the real ones do and run until they are stopped. They send
// nothing: a container has no way out of localaws.
package daemons

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

// Programs are what the images' files run.
func Programs() map[string]kernel.Program {
	return map[string]kernel.Program{"cloudwatch-agent": cloudWatchAgent, "vector": vector}
}

// CloudWatchAgentCommand is the image's entry point.
const CloudWatchAgentCommand = "/opt/aws/amazon-cloudwatch-agent/bin/start-amazon-cloudwatch-agent"

// InstallCloudWatchAgent lays out the CloudWatch agent's image.
func InstallCloudWatchAgent(files *kernel.Tree) error {
	if err := files.MkdirAll("/etc/cwagentconfig", 0o755); err != nil {
		return err
	}
	return kernel.InstallProgram(files, CloudWatchAgentCommand, "cloudwatch-agent")
}

// InstallVector lays out Vector's image.
func InstallVector(files *kernel.Tree) error {
	if err := files.MkdirAll("/var/lib/vector", 0o755); err != nil {
		return err
	}
	if err := files.MkdirAll("/etc/vector", 0o755); err != nil {
		return err
	}
	return kernel.InstallProgram(files, "/usr/local/bin/vector", "vector")
}

// untilStopped returns 0 on SIGTERM or SIGINT.
func untilStopped(ctx context.Context, p *kernel.Process, signals <-chan kernel.Signal) int {
	select {
	case <-ctx.Done():
		return 137
	case <-signals:
		return 0
	}
}

func timestamp(p *kernel.Process) string {
	return p.Kernel.Clock.Now().UTC().Format(time.RFC3339)
}

// cloudWatchAgent takes its configuration from CW_CONFIG_CONTENT or the files in
// /etc/cwagentconfig.
func cloudWatchAgent(ctx context.Context, p *kernel.Process) int {
	signals := make(chan kernel.Signal, 1)
	p.Notify(signals, kernel.SIGTERM, kernel.SIGINT)
	documents := map[string][]byte{}
	if text := p.Env["CW_CONFIG_CONTENT"]; text != "" {
		documents["CW_CONFIG_CONTENT"] = []byte(text)
	} else if entries, err := p.Kernel.Files.ReadDir("/etc/cwagentconfig"); err == nil {
		for _, entry := range entries {
			name := path.Join("/etc/cwagentconfig", entry.Name())
			if content, err := p.Kernel.Files.ReadFile(name); err == nil {
				documents[name] = content
			}
		}
	}
	if len(documents) == 0 {
		p.Errorf("%s E! No json config files found, please provide config, exit now", timestamp(p))
		return 1
	}
	for _, name := range slices.Sorted(maps.Keys(documents)) {
		files, err := collected(documents[name])
		if err != nil {
			p.Errorf("%s E! Invalid Json input schema. Under path : %s | Error : %s", timestamp(p), name, err)
			return 1
		}
		_, _ = fmt.Fprintf(p.Stdout, "%s I! Valid Json input schema.\n", timestamp(p))
		for _, file := range files {
			_, _ = fmt.Fprintf(p.Stdout, "%s I! [logagent] watching %s for log group %s\n", timestamp(p), file.Path, file.Group)
		}
	}
	_, _ = fmt.Fprintf(p.Stdout, "%s I! Everything is ready. Begin running and processing data.\n", timestamp(p))
	return untilStopped(ctx, p, signals)
}

type collectedFile struct {
	Path  string `json:"file_path"`
	Group string `json:"log_group_name"`
}

// collected are the log files of a configuration. One without any of the
// sections that the agent knows is refused, as the agent does.
func collected(content []byte) ([]collectedFile, error) {
	var sections map[string]json.RawMessage
	if err := json.Unmarshal(content, &sections); err != nil {
		return nil, fmt.Errorf("unable to parse the JSON: %w", err)
	}
	for name := range sections {
		if !slices.Contains([]string{"agent", "logs", "metrics", "traces", "csm"}, name) {
			return nil, fmt.Errorf("additional property %s is not allowed", name)
		}
	}
	if len(sections) == 0 {
		return nil, fmt.Errorf("one of logs, metrics and traces is needed")
	}
	var document struct {
		Logs struct {
			Collected struct {
				Files struct {
					List []collectedFile `json:"collect_list"`
				} `json:"files"`
			} `json:"logs_collected"`
		} `json:"logs"`
	}
	if err := json.Unmarshal(content, &document); err != nil {
		return nil, fmt.Errorf("invalid type: %w", err)
	}
	for _, file := range document.Logs.Collected.Files.List {
		if file.Path == "" {
			return nil, fmt.Errorf("file_path is required in collect_list")
		}
	}
	return document.Logs.Collected.Files.List, nil
}

// vector runs vector [--config FILE]... and vector validate FILE.
func vector(ctx context.Context, p *kernel.Process) int {
	signals := make(chan kernel.Signal, 1)
	p.Notify(signals, kernel.SIGTERM, kernel.SIGINT)
	names, validate := vectorFiles(p)
	for _, name := range names {
		if err := checkVector(p, name); err != nil {
			p.Errorf("%s ERROR vector::cli: Configuration error. error=%s", timestamp(p), err)
			return 78
		}
	}
	if validate {
		_, _ = fmt.Fprintln(p.Stdout, "Validated")
		return 0
	}
	p.Errorf("%s  INFO vector::app: Loading configs. paths=%q", timestamp(p), names)
	p.Errorf("%s  INFO vector: Vector has started.", timestamp(p))
	code := untilStopped(ctx, p, signals)
	p.Errorf("%s  INFO vector: Vector has stopped.", timestamp(p))
	return code
}

func vectorFiles(p *kernel.Process) (names []string, validate bool) {
	args := p.Args[1:]
	for i := 0; i < len(args); i++ {
		name, value, hasValue := strings.Cut(args[i], "=")
		switch {
		case name == "--config" || name == "-c" || name == "--config-yaml":
			if !hasValue && i+1 < len(args) {
				i++
				value = args[i]
			}
			names = append(names, value)
		case args[i] == "validate":
			validate = true
		case validate && !strings.HasPrefix(args[i], "-"):
			names = append(names, args[i])
		}
	}
	if len(names) == 0 {
		names = strings.FieldsFunc(p.Env["VECTOR_CONFIG"], func(r rune) bool { return r == ',' })
	}
	if len(names) == 0 {
		names = []string{"/etc/vector/vector.yaml"}
	}
	return names, validate
}

// checkVector checks that a configuration in YAML has sources and sinks, and that
// their inputs exist.
func checkVector(p *kernel.Process, name string) error {
	content, err := p.Kernel.Files.ReadFile(p.Path(name))
	if err != nil {
		return fmt.Errorf("Config file not found in path. path=%q", name) //nolint:staticcheck // as Vector says it
	}
	if ext := path.Ext(name); ext != ".yaml" && ext != ".yml" && ext != ".json" {
		return fmt.Errorf("the embedded runtime reads Vector's YAML and JSON, not %q", name)
	}
	type component struct {
		Type   string   `yaml:"type"`
		Inputs []string `yaml:"inputs"`
	}
	var document struct {
		Sources    map[string]component `yaml:"sources"`
		Transforms map[string]component `yaml:"transforms"`
		Sinks      map[string]component `yaml:"sinks"`
	}
	if err := yaml.Unmarshal(content, &document); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if len(document.Sources) == 0 || len(document.Sinks) == 0 {
		return fmt.Errorf("No sources or sinks defined in the config. path=%q", name) //nolint:staticcheck // as Vector says it
	}
	for _, group := range []map[string]component{document.Transforms, document.Sinks} {
		for id, c := range group {
			for _, input := range c.Inputs {
				_, source := document.Sources[input]
				_, transform := document.Transforms[input]
				if !source && !transform && !strings.ContainsAny(input, "*.") {
					return fmt.Errorf("Input %q for %q doesn't match any components.", input, id) //nolint:staticcheck // as Vector says it
				}
			}
		}
	}
	return nil
}
