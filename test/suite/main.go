package suite

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/cleanup"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/gotest"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/interrupt"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/report"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/run"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/settings"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/stages"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/workdir"
)

// Main runs a package's tests with a suite; call it from TestMain and give the
// result to os.Exit: 0, or one of run's exit codes. assign takes the suite before
// the tests run.
func Main(m *testing.M, assign func(*Suite)) int {
	s, err := settings.Read(os.Getenv)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return run.ExitSettings
	}
	r, err := run.New(context.Background(), s)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return run.ExitSettings
	}
	assign(of(r))
	flag.Parse()
	if err := gotest.CheckPattern(gotest.Pattern(), "."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return run.ExitSettings
	}
	r.Interrupts.Watch(gotest.Timeout(), r.Interrupts.OfRun(s.Skips(stages.Teardown)))
	defer r.Interrupts.Close()
	return finish(r, m.Run())
}

// finish ends a run after its tests: it destroys what they made and shared
// unless that is kept, and says how it all went. It returns the process's exit
// code.
func finish(r *run.Run, code int) int {
	defer r.Display.Close()
	_, cases, _ := r.Journal.Cases()
	if nothing := nothingTested(r, code); nothing != "" {
		r.Journal.WarnOnce(nothing)
		code = max(code, run.ExitFailed)
	}
	kept := ""
	if r.Workdir != nil {
		defer r.Workdir.Close()
		var err error
		if kept, err = cleanup.End(r); err != nil {
			r.Journal.Note(err.Error())
			code = max(code, run.ExitFailed)
		}
	}
	if errors.Is(context.Cause(r.Interrupts.Tests), interrupt.ErrInterrupted) {
		code = run.ExitInterrupted
	}
	if r.Workdir != nil || cases > 0 {
		code = tell(r, code, kept)
	}
	if kept != "" {
		r.Display.Warn(kept)
	}
	return code
}

// nothingTested says why the tests have shown nothing; "" if they have.
func nothingTested(r *run.Run, code int) string {
	asked, seen, ran := r.Journal.Cases()
	switch {
	case seen > 0 && ran == 0:
		return "nothing was tested: every provider case was skipped"
	case asked && seen == 0 && code == 0:
		return "nothing was tested: -run " + gotest.Pattern() + " leaves out every provider case that would run"
	}
	return ""
}

// tell writes the reports, and prints what should be seen at the end. That, and
// with which versions the tests ran, is also written to
// .work/ran-<cloud>-<space>.txt.
func tell(r *run.Run, code int, kept string) int {
	files := r.Reports()
	err := files.WriteReports(reportOf(r, code, kept))
	said := r.Journal.Tell(r.Tools.Terraform, r.Display.Print)
	if err := errors.Join(err, files.Write("ran", ".txt", []byte(said))); err != nil {
		r.Display.Warn(err.Error())
		code = max(code, run.ExitFailed)
	}
	r.Display.Print("report: " + workdir.Short(files.Path("report", ".html")))
	return code
}

// reportOf gathers what there is to say of a run.
func reportOf(r *run.Run, code int, kept string) report.Run {
	told := report.Run{
		Cloud: r.Settings.Cloud, Region: r.Settings.Region, Space: r.Settings.Space,
		Began: r.Began, Ended: time.Now(), Kept: kept, Verdict: verdict(code),
	}
	if r.Workdir != nil {
		told.ID = r.Workdir.Run.ID
	}
	if r.Tools.Terraform.Path != "" {
		told.Terraform = r.Tools.Terraform.String()
	}
	return r.Journal.Complete(told)
}

func verdict(code int) report.Verdict {
	switch code {
	case 0:
		return report.Passed
	case run.ExitInterrupted:
		return report.Interrupted
	}
	return report.Failed
}
