// Package tftest reads what `terraform test` is to run and what it says: test
// files, the outcome of each run, and the rules (validations, preconditions,
// checks) of the module under test.
package tftest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Report is what `terraform test -json` has said. Its zero value is ready for
// the first line.
//
// The events are described in
// https://developer.hashicorp.com/terraform/internals/machine-readable-ui;
// those of tests only by Terraform itself, whose words are in testdata.
type Report struct {
	Runs     []*Run
	Problems []Diagnostic // errors that belong to no run, such as those of the syntax
	summary  bool
}

// Run is a run block and how it ended.
type Run struct {
	File, Name  string
	Status      string // pass, fail, error or skip; empty when it did not end
	Diagnostics []Diagnostic
	Plan        []PlannedResource // with -verbose, of a run with command = plan
}

// Diagnostic is a message of Terraform.
type Diagnostic struct {
	Severity string `json:"severity"`
	Summary  string `json:"summary"`
	Detail   string `json:"detail"`
	Range    struct {
		Filename string   `json:"filename"`
		Start    position `json:"start"`
	} `json:"range"`
}

type position struct {
	Line int `json:"line"`
}

// String is the message in one line, with its place.
func (d Diagnostic) String() string {
	text := d.Summary
	if d.Detail != "" {
		text += ": " + strings.Join(strings.Fields(d.Detail), " ")
	}
	if d.Range.Filename != "" {
		text += fmt.Sprintf(" (%s:%d)", d.Range.Filename, d.Range.Start.Line)
	}
	return text
}

// event is a line of the output, as far as it matters here.
type event struct {
	Type       string              `json:"type"`
	File       string              `json:"@testfile"`
	Run        string              `json:"@testrun"`
	Abstract   map[string][]string `json:"test_abstract"`
	Diagnostic Diagnostic          `json:"diagnostic"`
	Plan       struct {
		Resources []PlannedResource `json:"resource_changes"`
	} `json:"test_plan"`
	Outcome struct {
		Progress string `json:"progress"`
		Status   string `json:"status"`
	} `json:"test_run"`
}

// Line takes a line of the output. One that is not an event is left out of
// the report: Terraform's log has it.
func (r *Report) Line(line string) {
	var e event
	if json.Unmarshal([]byte(line), &e) != nil {
		return
	}
	switch e.Type {
	case "test_abstract":
		for _, file := range sortedKeys(e.Abstract) {
			for _, name := range e.Abstract[file] {
				r.run(file, name)
			}
		}
	case "test_run":
		if e.Outcome.Progress == "complete" {
			r.run(e.File, e.Run).Status = e.Outcome.Status
		}
	case "test_plan":
		r.run(e.File, e.Run).Plan = e.Plan.Resources
	case "test_summary":
		r.summary = true
	case "diagnostic":
		if e.Run != "" {
			run := r.run(e.File, e.Run)
			run.Diagnostics = append(run.Diagnostics, e.Diagnostic)
		} else if e.Diagnostic.Severity == "error" {
			r.Problems = append(r.Problems, e.Diagnostic)
		}
	}
}

// Failure is the first run that has failed so far, or the first problem; "" when
// there is neither.
func (r *Report) Failure() string {
	for _, run := range r.Runs {
		if run.Status == "fail" || run.Status == "error" {
			return run.String()
		}
	}
	for _, problem := range r.Problems {
		return problem.String()
	}
	return ""
}

func (r *Report) run(file, name string) *Run {
	for _, run := range r.Runs {
		if run.File == file && run.Name == name {
			return run
		}
	}
	run := &Run{File: file, Name: name}
	r.Runs = append(r.Runs, run)
	return run
}

// shownFailures is how many failures are told; the log has all.
const shownFailures = 4

// Err is nil when there were runs and all of them passed. Terraform's own exit
// status is 0 as well when it was interrupted and skipped the rest.
func (r *Report) Err() error {
	var failures []string
	for _, problem := range r.Problems {
		failures = append(failures, problem.String())
	}
	var skipped []*Run
	for _, run := range r.Runs {
		switch run.Status {
		case "pass":
		case "fail", "error":
			failures = append(failures, run.failure())
		default:
			skipped = append(skipped, run)
		}
	}
	switch {
	case len(failures) > shownFailures:
		return fmt.Errorf("%s\nand %d more failures", strings.Join(failures[:shownFailures], "\n"), len(failures)-shownFailures)
	case len(failures) > 0:
		return errors.New(strings.Join(failures, "\n"))
	case len(r.Runs) == 0:
		return errors.New("terraform test ran nothing: there is no run block in the files that it was told to run")
	case len(skipped) > 0:
		return fmt.Errorf("terraform test skipped %d of %d runs, first %s: it was interrupted, start it again", len(skipped), len(r.Runs), skipped[0])
	case !r.summary:
		return fmt.Errorf("terraform test ended without a summary of its %d runs: it was interrupted, start it again", len(r.Runs))
	}
	return nil
}

// String names the run.
func (r *Run) String() string { return fmt.Sprintf("%s, run %q", r.File, r.Name) }

// failure is the run with its first error.
func (r *Run) failure() string {
	for _, diagnostic := range r.Diagnostics {
		if diagnostic.Severity == "error" {
			return fmt.Sprintf("%s: %s", r, diagnostic)
		}
	}
	return fmt.Sprintf("%s: it failed, and Terraform gives no error", r)
}
