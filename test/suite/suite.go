package suite

import (
	"context"
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/gotest"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/progress"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/tfcli"
)

// Suite is one run of the integration tests.
type Suite struct {
	Settings
	Root string
	// Mutate, when set before the first deployment, may change a
	// configuration's copy before it is applied: to break it on purpose.
	Mutate func(d *Deployment, files map[string][]byte)

	began   time.Time
	display *progress.Display
	// The tests run under ctx, which the first interrupt ends; what they made is
	// destroyed under teardownCtx, which the second one ends.
	ctx         context.Context
	stop        context.CancelCauseFunc
	teardownCtx context.Context
	endTeardown context.CancelCauseFunc
	kill        chan struct{} // closed at the third interrupt
	finished    chan struct{} // closed when the run is over
	watching    sync.WaitGroup

	openingTools sync.Mutex
	opening      sync.Mutex
	opened       bool
	openError    error
	workspace    *Workspace
	terraform    tfcli.Terraform
	pause        time.Duration // before Terraform's second and third attempt
	cloud        Cloud
	finder       *providers.Finder

	initializing sync.Mutex
	preparing    sync.Mutex
	prepared     *Prepared
	prepareError error

	finding sync.Mutex
	found   map[string]foundSources

	reporting   sync.Mutex
	deployments []*Deployment
	notes       []string // said again at the end
	reports     []endText
	failed      bool // a teardown failed
	casesAsked  bool // a test asked for the cases
	casesSeen   int
	casesRan    int
	casesSkips  []string
}

// endText is told at the end of a run. A later one of the same subject takes
// its place.
type endText struct{ subject, text string }

type foundSources struct {
	sources []providers.Source
	err     error
}

// New makes a run of its settings; ctx bounds it. Nothing is started before a
// test asks for it.
func New(ctx context.Context, settings Settings) (*Suite, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	s := &Suite{Settings: settings, Root: root, began: time.Now(), kill: make(chan struct{}), finished: make(chan struct{}), found: map[string]foundSources{}, pause: attemptPause}
	s.display = progress.New(os.Stdout, progress.OptionsFor(os.Stdout, os.Getenv)) //nolint:contextcheck // it ends by Close
	s.ctx, s.stop = context.WithCancelCause(ctx)
	s.teardownCtx, s.endTeardown = context.WithCancelCause(ctx)
	return s, nil
}

// Main runs a package's tests with a suite; call it from TestMain and give the
// result to os.Exit: 0, exitFailed, exitSettings or exitInterrupted. assign takes
// the suite before the tests run.
func Main(m *testing.M, assign func(*Suite)) int {
	settings, err := ReadSettings(os.Getenv)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitSettings
	}
	s, err := New(context.Background(), settings)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitSettings
	}
	assign(s)
	flag.Parse()
	if err := gotest.CheckPattern(gotest.Pattern(), "."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitSettings
	}
	s.watch(gotest.Timeout(), s.runInterrupts())
	code := s.finish(m.Run())
	close(s.finished)
	s.watching.Wait()
	return code
}
