package suite

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/report"
)

// seen is what a deployment's tests saw, for the reports.
type seen struct {
	stages  []report.Stage
	targets []report.Target
	watches []report.Watch
	events  []report.Event
	note    string
	keys    map[string]string // of target groups, by ARN
}

// reportRun gathers what there is to say of the run. A deployment that was
// taken up again, to destroy it, is one with what it was before.
func (s *Suite) reportRun(code int, kept string) report.Run {
	s.reporting.Lock()
	defer s.reporting.Unlock()
	run := report.Run{
		Cloud: s.Cloud, Region: s.Region, Space: s.Space, Began: s.began, Ended: time.Now(), Kept: kept, Skipped: slices.Clone(s.casesSkips),
		Warnings: append(append([]string{}, s.casesSkips...), s.notes...), Verdict: verdict(code),
	}
	if s.workspace != nil {
		run.ID = s.workspace.Run.ID
	}
	if s.terraform.Path != "" {
		run.Terraform = s.terraform.String()
	}
	index := map[string]int{}
	for _, d := range s.deployments {
		if len(d.seen.stages) == 0 {
			continue
		}
		i, known := index[d.Dir]
		if !known {
			i, index[d.Dir] = len(run.Deployments), len(run.Deployments)
			run.Deployments = append(run.Deployments, report.Deployment{Test: filepath.Base(filepath.Dir(d.Dir)), Case: d.Name, Dir: short(d.Dir)})
		}
		d.addTo(&run.Deployments[i])
	}
	slices.SortStableFunc(run.Deployments, func(a, b report.Deployment) int { return a.Stages[0].Began.Compare(b.Stages[0].Began) })
	return run
}

func verdict(code int) report.Verdict {
	switch code {
	case 0:
		return report.Passed
	case exitInterrupted:
		return report.Interrupted
	}
	return report.Failed
}

// addTo adds what was seen of the deployment to its part of the report.
func (d *Deployment) addTo(to *report.Deployment) {
	to.Provider, to.Source = d.record.Provider, d.record.Source
	to.Stages = append(to.Stages, d.seen.stages...)
	for _, w := range d.seen.watches {
		w.Changes = slices.Clone(w.Changes)
		for i := range w.Changes {
			w.Changes[i].Group = d.groupName(w.Changes[i].Group)
		}
		to.Watches = append(to.Watches, w)
	}
	if len(d.seen.targets) > 0 {
		to.Targets, to.Events = d.seen.targets, d.seen.events
	}
	if d.seen.note != "" {
		to.Note = d.seen.note
	}
}

// groupName is the key of a target group that is known by its ARN, or its name.
func (d *Deployment) groupName(group string) string {
	if key, known := d.seen.keys[group]; known {
		return key
	}
	if _, rest, isARN := strings.Cut(group, ":targetgroup/"); isARN {
		name, _, _ := strings.Cut(rest, "/")
		return name
	}
	return group
}

// writeReports writes the run as JUnit's XML, as Markdown, also to the summary
// of a job of GitHub Actions, and as HTML.
func (s *Suite) writeReports(run report.Run) error {
	var summary []byte
	var failures []error
	for _, kind := range []struct {
		what, extension string
		render          func(io.Writer, report.Run) error
	}{
		{"junit", ".xml", report.WriteJUnit},
		{"report", ".html", report.WriteHTML},
		{"summary", ".md", report.WriteMarkdown},
	} {
		var out bytes.Buffer
		err := kind.render(&out, run)
		if err == nil {
			err = s.writeReport(kind.what, kind.extension, out.Bytes())
		}
		failures = append(failures, err)
		summary = out.Bytes()
	}
	// https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary
	if path := s.StepSummary; path != "" {
		failures = append(failures, appendTo(path, summary))
	}
	return errors.Join(failures...)
}

func appendTo(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("writing GITHUB_STEP_SUMMARY: %w", err)
	}
	_, err = file.Write(text)
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("writing GITHUB_STEP_SUMMARY: %w", err)
	}
	return nil
}

// reportPath is .work/<what>-<cloud>-<space><extension>, beside the work
// directory, which a teardown removes.
func (s *Suite) reportPath(what, extension string) string {
	return filepath.Join(s.Root, ".work", what+"-"+s.Cloud+"-"+s.Space+extension)
}

// writeReport writes a file of the run.
func (s *Suite) writeReport(what, extension string, text []byte) error {
	path := s.reportPath(what, extension)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("writing a report: %w", err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return fmt.Errorf("writing a report: %w", err)
	}
	return nil
}
