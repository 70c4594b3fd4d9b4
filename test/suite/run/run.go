// Package run is one run of the suite: its settings, and the parts that its
// stages work with, which are opened when the first test asks for them.
package run

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/awsapi"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/cloud"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/evidence"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/interrupt"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/networks"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/progress"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/settings"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/terraform"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/toolchain"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/workdir"
)

// Run is one run of the suite.
type Run struct {
	Settings   settings.Settings
	Root       string // the repository's
	Began      time.Time
	Display    *progress.Display
	Interrupts *interrupt.Interrupts
	Journal    *evidence.Journal
	Tools      *toolchain.Toolchain
	Workdir    *workdir.Dir // nil until it is opened
	Cloud      cloud.Cloud  // nil until it is opened
	// Pause is before Terraform's second and third attempt.
	Pause time.Duration

	opening   sync.Mutex
	opened    bool
	openError error
}

// attemptPause is a Run's Pause.
const attemptPause = 5 * time.Second

// New makes a run of its settings in the repository of the working directory;
// ctx bounds it. Nothing is started before a test asks for it.
func New(ctx context.Context, s settings.Settings) (*Run, error) {
	root, err := workdir.Root()
	if err != nil {
		return nil, err
	}
	display := progress.New(os.Stdout, progress.OptionsFor(os.Stdout, os.Getenv)) //nolint:contextcheck // it ends by Close
	return At(ctx, root, s, display), nil
}

// At makes a run in the repository at root, which shows what it does on a display.
func At(ctx context.Context, root string, s settings.Settings, display *progress.Display) *Run {
	r := &Run{Settings: s, Root: root, Began: time.Now(), Display: display, Pause: attemptPause}
	r.Interrupts = interrupt.New(ctx, display.Warn)
	r.Journal = evidence.New(display.Warn)
	r.Tools = toolchain.New(s, root, r.Note, r.Journal.WarnOnce)
	return r
}

// Note shows a line on what is out of the ordinary.
func (r *Run) Note(text string) { r.Display.Print("note: " + text) }

// Open opens the tools, the work directory and the cloud, once.
func (r *Run) Open() error {
	r.opening.Lock()
	defer r.opening.Unlock()
	if r.opened {
		return r.openError
	}
	r.opened = true
	r.openError = r.openAll(r.Interrupts.Tests)
	return r.openError
}

func (r *Run) openAll(ctx context.Context) error {
	if err := r.Tools.Open(ctx); err != nil {
		return err
	}
	if err := r.OpenWorkdir(ctx); err != nil {
		return err
	}
	return r.OpenCloud(ctx)
}

// OpenWorkdir opens the work directory. Close it.
func (r *Run) OpenWorkdir(ctx context.Context) (err error) {
	r.Workdir, err = workdir.Open(ctx, r.Root, r.Settings, r.Note)
	return err
}

// OpenCloud opens the cloud, once the work directory is open. A cloud that is
// there already stays.
func (r *Run) OpenCloud(ctx context.Context) error {
	if r.Cloud != nil {
		return nil
	}
	opened, err := cloud.Open(ctx, r.Settings, r.Root, r.Workdir.LocalawsDir(), r.Note)
	if err != nil {
		return err
	}
	r.Cloud = opened
	return nil
}

// Name names what a run makes: the run's ID keeps the names of runs apart.
func (r *Run) Name(part string) string { return part + "-" + r.Workdir.Run.ID }

// Variables are those that every fixture has, and more.
func (r *Run) Variables(more map[string]any) map[string]any {
	variables := map[string]any{"region": r.Settings.Region, "tags": r.tags()}
	if r.Settings.Role != "" {
		variables["role_arn"] = r.Settings.Role
	}
	for name, value := range more {
		variables[name] = value
	}
	return variables
}

// Setup is what Terraform needs of the run.
func (r *Run) Setup() terraform.Setup {
	return terraform.Setup{
		Root: r.Root, Tools: r.Tools, Environment: r.Cloud.Environment(), Kill: r.Interrupts.Kill, Print: r.Display.Print, Clear: r.clearNetwork, Pause: r.Pause,
	}
}

// clearNetwork removes what others put into a VPC of the run.
func (r *Run) clearNetwork(ctx context.Context, vpc string) (removed int, err error) {
	return networks.Network{
		Client: awsapi.New(r.Cloud.Config()), VPC: vpc, RunTag: TagRun, Poll: r.Cloud.Patience().Poll, Note: r.Note,
	}.Clear(ctx)
}

// Reports are the files of the run's reports.
func (r *Run) Reports() evidence.Files { return evidence.Files{Root: r.Root, Settings: r.Settings} }

// Kept is the line that says why all is kept, and how to go on from there.
func (r *Run) Kept(why string) string {
	return fmt.Sprintf("%s: what was made is kept with its state in %s; the same command goes on with it, `make test-clean` destroys it", why, workdir.Short(r.Workdir.Path))
}
