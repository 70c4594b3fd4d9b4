package suite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/gotest"
)

// finish ends a run after its tests: it destroys what they made and shared
// unless that is kept, and says how it all went. It returns the process's exit
// code.
func (s *Suite) finish(code int) int {
	defer s.display.Close()
	switch {
	case s.casesSeen > 0 && s.casesRan == 0:
		s.warnOnce("nothing was tested: every provider case was skipped")
		code = max(code, exitFailed)
	case s.casesAsked && s.casesSeen == 0 && code == 0:
		s.warnOnce("nothing was tested: -run " + gotest.Pattern() + " leaves out every provider case that would run")
		code = exitFailed
	}
	kept := ""
	if s.workspace != nil {
		defer s.workspace.Close()
		var err error
		if kept, err = s.keepOrTearDown(); err != nil {
			s.noteForEnd(err.Error())
			code = max(code, exitFailed)
		}
	}
	if errors.Is(context.Cause(s.ctx), ErrInterrupted) {
		code = exitInterrupted
	}
	if s.workspace != nil || s.casesSeen > 0 {
		err := errors.Join(s.writeReports(s.reportRun(code, kept)), s.summary())
		if err != nil {
			s.display.Warn(err.Error())
			code = max(code, exitFailed)
		}
		s.display.Print("report: " + short(s.reportPath("report", ".html")))
	}
	if kept != "" {
		s.display.Warn(kept)
	}
	return code
}

// keepOrTearDown destroys what the run made, or returns what to say of what is
// kept.
func (s *Suite) keepOrTearDown() (kept string, err error) {
	remaining, err := s.workspace.Deployments()
	if err != nil {
		return s.kept("its state can't be read"), err
	}
	if s.cloud == nil { // it did not open: the run made nothing
		if len(remaining) > 0 || s.workspace.cloudMayRun() {
			kept = s.kept("the cloud did not open")
		}
		return kept, nil
	}
	if why := s.ending(len(remaining)).keep(); why != "" {
		return s.kept(why), nil
	}
	if err := s.destroyEverything(s.teardownCtx, remaining); err != nil {
		s.noteFailedTeardown()
		return s.kept(s.ending(len(remaining)).keep()), err
	}
	return "", nil
}

// endCloud looks from outside whether anything is left, stops what was
// started, and removes the work directory.
func (s *Suite) endCloud(ctx context.Context) error {
	left, err := s.cloud.Leftovers(ctx)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return fmt.Errorf("everything was destroyed, yet this is left: %s", strings.Join(left, ", "))
	}
	s.display.Print("nothing is left")
	if err := s.cloud.Close(ctx, false); err != nil {
		return err
	}
	return s.workspace.Remove()
}

// Leftovers lists what there is in the cloud, as far as the cloud can tell:
// localaws knows, AWS holds more than the tests' own.
func (s *Suite) Leftovers() ([]string, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	return s.cloud.Leftovers(s.ctx)
}

// destroyAll destroys deployments: first those of tests, all at the same time,
// then what they stood on.
func (s *Suite) destroyAll(ctx context.Context, dirs []string) error {
	shared := s.workspace.path(stagePrepare)
	for _, first := range []bool{true, false} {
		var wait sync.WaitGroup
		var mu sync.Mutex
		var failures []error
		for _, dir := range dirs {
			if strings.HasPrefix(dir, shared) == first {
				continue
			}
			d, err := s.openDeployment(dir)
			if err != nil {
				return err
			}
			s.keepForReport(d)
			wait.Go(func() {
				if err := d.teardown(ctx); err != nil {
					mu.Lock()
					defer mu.Unlock()
					failures = append(failures, err)
				}
			})
		}
		wait.Wait()
		if err := errors.Join(failures...); err != nil {
			return err
		}
	}
	return nil
}

// summary prints the tables, with which versions the tests ran, and what should
// be seen again. The last two are also written to .work/ran-<cloud>-<space>.txt.
func (s *Suite) summary() error {
	s.reporting.Lock()
	defer s.reporting.Unlock()
	for _, told := range s.reports {
		s.display.Print("\n" + told.text)
	}
	ran := s.versionsRan()
	if ran != "" {
		s.display.Print(ran)
	}
	notes := slices.Concat(s.casesSkips, s.notes)
	for _, note := range notes {
		s.display.Warn(note)
	}
	text := strings.Join(append([]string{ran}, notes...), "\n") + "\n"
	return s.writeReport("ran", ".txt", []byte(text))
}

// versionsRan says with which Terraform and providers the run was.
func (s *Suite) versionsRan() string {
	ran := map[string][]string{}
	for _, d := range s.deployments {
		version := fmt.Sprintf("hashicorp/aws %s from %s", d.record.Provider, d.record.Source)
		if d.record.Provider != "" && !slices.Contains(ran[version], d.Case.Name) {
			ran[version] = append(ran[version], d.Case.Name)
		}
	}
	if len(ran) == 0 {
		return ""
	}
	var versions []string
	for _, version := range sortedKeys(ran) {
		versions = append(versions, strings.Join(ran[version], ", ")+": "+version)
	}
	return fmt.Sprintf("ran with %s; %s", s.terraform, strings.Join(versions, "; "))
}

func (s *Suite) keepForReport(d *Deployment) {
	s.reporting.Lock()
	defer s.reporting.Unlock()
	s.deployments = append(s.deployments, d)
}

// noteForEnd is told in the summary and in the reports.
func (s *Suite) noteForEnd(text string) {
	s.reporting.Lock()
	defer s.reporting.Unlock()
	s.notes = append(s.notes, text)
}

func (s *Suite) addReport(subject, text string) {
	s.reporting.Lock()
	defer s.reporting.Unlock()
	s.reports = slices.DeleteFunc(s.reports, func(r endText) bool { return r.subject == subject })
	s.reports = append(s.reports, endText{subject, text})
}

func (s *Suite) noteFailedTeardown() {
	s.reporting.Lock()
	defer s.reporting.Unlock()
	s.failed = true
}
