package suite

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/client"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/tfcli"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/waits"
)

// bench measures a run of its own space, as `make test-keep` and `make
// test-clean` would do it.
type bench struct {
	suite *Suite
	rows  []benchRow
}

// benchRow is a line of the table. Seconds of the provider's own waits are
// negative where it has none to do with it.
type benchRow struct {
	what    string
	seconds float64
	floor   float64
	path    []string
}

// Bench measures the stages of a whole run beside the provider's own waits,
// localaws's start and memory, a validation of what is kept, and a cold
// compile of the test tree, and writes a Markdown table.
func Bench(ctx context.Context, settings Settings, out io.Writer) error {
	settings.Space = "bench"
	s, err := New(ctx, settings)
	if err != nil {
		return err
	}
	defer s.display.Close()
	b := &bench{suite: s}
	var compile time.Duration
	if !settings.Skips("compile") {
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
	destroyed, err := cleanSpace(ctx, settings, RunInfo{Cloud: settings.Cloud, Region: settings.Region, Space: settings.Space})
	if err != nil {
		return fmt.Errorf("cleaning: %w", err)
	}
	b.readDestroyed(destroyed)
	b.rows = append(b.rows,
		benchRow{what: "whole first run", seconds: first.Seconds(), floor: -1},
		benchRow{what: "second run, validates what is kept", seconds: again.Seconds(), floor: -1},
		benchRow{what: "`make test-clean`", seconds: time.Since(cleaning).Seconds(), floor: -1},
	)
	if compile > 0 {
		b.rows = append(b.rows, benchRow{what: "cold compile of the test tree", seconds: compile.Seconds(), floor: -1})
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
	cmd.Dir, cmd.Env = b.suite.Root, append(os.Environ(), "GOCACHE="+cache)
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("compiling: %w\n%s", err, out)
	}
	return time.Since(began), nil
}

// startLocalaws measures from the command's start until localaws answers.
func (b *bench) startLocalaws(ctx context.Context) (time.Duration, error) {
	w, err := OpenWorkspace(ctx, b.suite.Root, b.suite.Settings, ignoreNote)
	if err != nil {
		return 0, err
	}
	defer w.Close()
	c := &local{settings: b.suite.Settings, dir: w.LocalawsDir()}
	if err := c.build(ctx, b.suite.Root); err != nil {
		return 0, err
	}
	began := time.Now()
	if _, err := c.command(ctx, "start", "--region", b.suite.Region); err != nil {
		return 0, fmt.Errorf("localaws does not start: %w", err)
	}
	return time.Since(began), nil
}

func ignoreNote(string) {}

// goTest runs the test as `make test-keep` does, in the space of the bench.
func (b *bench) goTest(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	cmd := exec.CommandContext(ctx, "go", "test", "-C", "test", "-count=1", "-timeout", "60m", "-run", "TestExtraTargetGroups")
	cmd.Dir = b.suite.Root
	cmd.Env = append(os.Environ(), "SKIP_teardown=1", "TEST_PROVIDERS=newest", "TEST_SPACE="+b.suite.Space)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("running the test: %w", err)
	}
	return time.Since(began), nil
}

// read takes the stages' times from the deployments' records, computes their
// floors, and returns what localaws says of itself.
func (b *bench) read(ctx context.Context) (status client.Status, err error) {
	s := b.suite
	if err := s.openTools(ctx); err != nil {
		return status, err
	}
	if s.workspace, err = OpenWorkspace(ctx, s.Root, s.Settings, ignoreNote); err != nil {
		return status, err
	}
	defer s.workspace.Close()
	client, err := client.Open(ctx, s.workspace.LocalawsDir())
	if err != nil {
		return status, fmt.Errorf("asking localaws: %w", err)
	}
	if status, err = client.Status(ctx); err != nil {
		return status, fmt.Errorf("asking localaws: %w", err)
	}
	s.cloud = &local{settings: s.Settings, admin: client}
	dirs, err := s.workspace.Deployments()
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
	d, err := b.suite.openDeployment(dir)
	if err != nil {
		return err
	}
	graph, err := b.suite.terraform.Output(ctx, tfcli.Command{Args: []string{"graph"}, Dir: d.WorkDir(), Env: d.environment()})
	if err != nil {
		return fmt.Errorf("graph of %s: %w", d.Name, err)
	}
	state, err := os.ReadFile(filepath.Join(d.WorkDir(), "terraform.tfstate"))
	if err != nil {
		return fmt.Errorf("state of %s: %w", d.Name, err)
	}
	create, destroy, err := waits.Compute(string(graph), state)
	if err != nil {
		return fmt.Errorf("floor of %s: %w", d.Name, err)
	}
	for _, stage := range []string{stagePrepare, StageDeploy, StageValidate, StageIdempotence} {
		seconds, ran := d.record.Seconds[stage]
		if !ran {
			continue
		}
		row := benchRow{what: stage + " " + d.Name, seconds: seconds, floor: -1}
		if stage == stagePrepare || stage == StageDeploy {
			row.floor, row.path = create.Seconds, create.Resources
			b.rows = append(b.rows, row, benchRow{what: "destroy " + d.Name, seconds: -1, floor: destroy.Seconds, path: destroy.Resources})
			continue
		}
		b.rows = append(b.rows, row)
	}
	return nil
}

// readDestroyed fills in how long the destroys took.
func (b *bench) readDestroyed(deployments []*Deployment) {
	for _, d := range deployments {
		for i := range b.rows {
			for _, result := range d.seen.stages {
				if b.rows[i].what == "destroy "+d.Name && result.Name == StageTeardown {
					b.rows[i].seconds = result.Seconds
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
		if row.floor >= 0 {
			waits = fmt.Sprintf("%.0f", row.floor)
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
