// Package bench measures a whole run beside what the provider waits by itself.
package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/client"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/cleanup"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/cloud"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/report"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/run"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/settings"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/stages"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/waits"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/workdir"
)

// bench measures a run of its own space, as `make test-keep` and `make
// test-clean` would do it.
type bench struct {
	*run.Run
	localaws cloud.Localaws
	rows     []row
}

// row is a line of the table. What is negative is not in it.
type row struct {
	what    string
	seconds float64
	waits   float64  // of which the provider waits by itself
	path    []string // along which resources
}

// Run measures the stages of a whole run beside the provider's own waits,
// localaws's start and memory, a validation of what is kept, and a cold
// compile of the test tree, and writes a Markdown table.
func Run(ctx context.Context, s settings.Settings, out io.Writer) error {
	s.Space = "bench"
	r, err := run.New(ctx, s)
	if err != nil {
		return err
	}
	defer r.Display.Close()
	b := &bench{Run: r, localaws: cloud.NewLocalaws(r.Root, workdir.At(r.Root, s.Cloud, s.Space).LocalawsDir())}
	var compile time.Duration
	if !s.Skips("compile") {
		fmt.Fprintln(os.Stderr, "measuring a cold compile of the test tree (SKIP_compile=1 leaves it out)")
		if compile, err = b.compile(ctx); err != nil {
			return err
		}
	}
	start, err := b.startLocalaws(ctx)
	if err != nil {
		return err
	}
	first, err := b.goTest(ctx)
	if err != nil {
		return err
	}
	status, err := b.read(ctx)
	if err != nil {
		return err
	}
	again, err := b.goTest(ctx)
	if err != nil {
		return err
	}
	cleaning := time.Now()
	cleaned, err := cleanup.Space(ctx, s, workdir.Run{Cloud: s.Cloud, Region: s.Region, Space: s.Space})
	if err != nil {
		return fmt.Errorf("cleaning: %w", err)
	}
	b.readDestroyed(cleaned.Journal.Complete(report.Run{}).Deployments)
	b.rows = append(b.rows,
		row{what: "whole first run", seconds: first.Seconds(), waits: -1},
		row{what: "second run, validates what is kept", seconds: again.Seconds(), waits: -1},
		row{what: "`make test-clean`", seconds: time.Since(cleaning).Seconds(), waits: -1},
	)
	if compile > 0 {
		b.rows = append(b.rows, row{what: "cold compile of the test tree", seconds: compile.Seconds(), waits: -1})
	}
	return b.write(out, start, status)
}

// compile builds and vets all tests with an empty build cache.
func (b *bench) compile(ctx context.Context) (time.Duration, error) {
	cache, err := os.MkdirTemp("", "bench-cache")
	if err != nil {
		return 0, fmt.Errorf("making a build cache: %w", err)
	}
	defer func() { _ = os.RemoveAll(cache) }()
	began := time.Now()
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "./...")
	cmd.Dir, cmd.Env = b.Root, append(os.Environ(), "GOCACHE="+cache)
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("compiling: %w\n%s", err, out)
	}
	return time.Since(began), nil
}

// startLocalaws measures from the command's start until localaws answers.
func (b *bench) startLocalaws(ctx context.Context) (time.Duration, error) {
	if err := b.OpenWorkdir(ctx); err != nil {
		return 0, err
	}
	defer b.Workdir.Close()
	if err := b.localaws.Build(ctx); err != nil {
		return 0, err
	}
	began := time.Now()
	if _, err := b.localaws.Start(ctx, b.Settings.Region); err != nil {
		return 0, err
	}
	return time.Since(began), nil
}

// goTest runs the test as `make test-keep` does, in the space of the bench.
func (b *bench) goTest(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	cmd := exec.CommandContext(ctx, "go", "test", "-C", "test", "-count=1", "-timeout", "60m", "-run", "TestExtraTargetGroups")
	cmd.Dir = b.Root
	cmd.Env = append(os.Environ(), "SKIP_teardown=1", "TEST_PROVIDERS=newest", "TEST_SPACE="+b.Settings.Space)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("running the test: %w", err)
	}
	return time.Since(began), nil
}

// read takes the stages' times from the deployments' records, computes what of
// them the provider waits, and returns what localaws says of itself.
func (b *bench) read(ctx context.Context) (client.Status, error) {
	if err := b.Open(); err != nil {
		return client.Status{}, err
	}
	defer b.Workdir.Close()
	status, err := b.localaws.Status(ctx)
	if err != nil {
		return status, err
	}
	dirs, err := b.Workdir.Deployments()
	if err != nil {
		return status, err
	}
	for _, dir := range dirs {
		if err := b.readDeployment(ctx, dir); err != nil {
			return status, err
		}
	}
	return status, nil
}

func (b *bench) readDeployment(ctx context.Context, dir string) error {
	d, err := stages.Take(b.Run, dir)
	if err != nil {
		return err
	}
	name := d.Record.Name
	graph, err := d.Graph(ctx)
	if err != nil {
		return err
	}
	state, err := os.ReadFile(d.StatePath())
	if err != nil {
		return fmt.Errorf("state of %s: %w", name, err)
	}
	create, destroy, err := waits.Compute(graph, state)
	if err != nil {
		return fmt.Errorf("what the provider waits for %s: %w", name, err)
	}
	for _, stage := range []string{stages.Prepare, stages.Deploy, stages.Validate, stages.Idempotence} {
		seconds, ran := d.Record.Seconds[stage]
		if !ran {
			continue
		}
		one := row{what: stage + " " + name, seconds: seconds, waits: -1}
		if stage == stages.Prepare || stage == stages.Deploy {
			one.waits, one.path = create.Seconds, create.Resources
			b.rows = append(b.rows, one, row{what: "destroy " + name, seconds: -1, waits: destroy.Seconds, path: destroy.Resources})
			continue
		}
		b.rows = append(b.rows, one)
	}
	return nil
}

// readDestroyed fills in how long the destroys took.
func (b *bench) readDestroyed(deployments []report.Deployment) {
	for _, d := range deployments {
		for i := range b.rows {
			for _, stage := range d.Stages {
				if b.rows[i].what == "destroy "+d.Case && stage.Name == stages.Teardown {
					b.rows[i].seconds = stage.Seconds
				}
			}
		}
	}
}

func (b *bench) write(out io.Writer, start time.Duration, status client.Status) error {
	var text strings.Builder
	text.WriteString("| what | seconds | of which the provider waits by itself | along |\n| --- | ---: | ---: | --- |\n")
	for _, row := range b.rows {
		seconds, waits := "", ""
		if row.seconds >= 0 {
			seconds = fmt.Sprintf("%.0f", row.seconds)
		}
		if row.waits >= 0 {
			waits = fmt.Sprintf("%.0f", row.waits)
		}
		fmt.Fprintf(&text, "| %s | %s | %s | %s |\n", row.what, seconds, waits, strings.Join(shortAddresses(row.path), ", "))
	}
	fmt.Fprintf(&text, "| localaws: start | %.2f | | |\n", start.Seconds())
	fmt.Fprintf(&text, "| localaws: processor time in all of the first run | %.1f | | |\n", status.CPUSeconds)
	fmt.Fprintf(&text, "| localaws: memory with all of it | %d MiB | | |\n", status.MemoryMiB)
	if _, err := io.WriteString(out, text.String()); err != nil {
		return fmt.Errorf("writing the table: %w", err)
	}
	return nil
}

// shortAddresses leaves out the modules of addresses.
func shortAddresses(addresses []string) []string {
	var short []string
	for _, address := range addresses {
		parts := strings.Split(address, ".")
		short = append(short, "`"+strings.Join(parts[len(parts)-2:], ".")+"`")
	}
	return short
}
