package suite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// finish ends a run after its tests: it destroys what they shared unless that
// is kept, and says how it all went. It returns the process's exit code.
func (s *Suite) finish(code int) int {
	defer s.display.Close()
	if s.workspace == nil || s.cloud == nil {
		return s.finishUnopened(code)
	}
	defer s.workspace.Close()
	interrupted := s.ctx.Err() != nil
	keep := interrupted || s.Skips(StageTeardown) || s.failed
	if !keep {
		if err := s.tearDownShared(); err != nil {
			s.display.Warn(err.Error())
			code, keep = max(code, 1), true
		}
	}
	if s.casesSeen > 0 && s.casesRan == 0 {
		s.warnOnce("nothing was tested: every provider case was skipped")
		code = max(code, 1)
	}
	if err := s.writeJUnit(); err != nil {
		s.display.Warn(err.Error())
	}
	if err := s.summary(); err != nil {
		s.display.Warn(err.Error())
	}
	switch {
	case interrupted:
		s.display.Warn(fmt.Sprintf("%v: what was made so far is kept with its state in %s; the same command goes on with it, `make test-clean` removes it", context.Cause(s.ctx), short(s.workspace.Dir)))
		if errors.Is(context.Cause(s.ctx), ErrInterrupted) {
			return 130
		}
		return max(code, 1)
	case keep:
		s.display.Print(fmt.Sprintf("kept in %s: `make test-clean` destroys it", short(s.workspace.Dir)))
	}
	return code
}

// finishUnopened ends a run whose tests needed no cloud, or that got none.
func (s *Suite) finishUnopened(code int) int {
	if s.workspace != nil {
		s.workspace.Close()
	}
	if errors.Is(context.Cause(s.ctx), ErrInterrupted) {
		return 130
	}
	return code
}

// tearDownShared destroys the network and the zone, looks whether anything is
// left, and ends the cloud.
func (s *Suite) tearDownShared() error {
	remaining, err := s.workspace.Deployments()
	if err != nil {
		return err
	}
	if err := s.destroyAll(s.ctx, remaining); err != nil {
		return err
	}
	return s.endCloud(s.ctx)
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
	for _, report := range s.reports {
		s.display.Print("\n" + report.text)
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
	path := filepath.Join(s.Root, ".work", "ran-"+s.Cloud+"-"+s.Space+".txt")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return fmt.Errorf("writing what ran: %w", err)
	}
	return nil
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

func (s *Suite) addReport(subject, text string) {
	s.reporting.Lock()
	defer s.reporting.Unlock()
	s.reports = slices.DeleteFunc(s.reports, func(r report) bool { return r.subject == subject })
	s.reports = append(s.reports, report{subject, text})
}

func (s *Suite) noteFailedTeardown() {
	s.reporting.Lock()
	defer s.reporting.Unlock()
	s.failed = true
}
