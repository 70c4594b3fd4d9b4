// Package report renders a run of the integration tests: as JUnit's XML for CI
// systems, as Markdown for a job's summary, and as an HTML page to look at. All three show one plain struct, Run.
package report

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Run is one run of the tests.
type Run struct {
	Cloud       string // local or aws
	Region      string
	Space       string
	ID          string // part of the names of all that it made; "" if it made nothing
	Terraform   string // such as "Terraform 1.11.4"
	Verdict     Verdict
	Began       time.Time
	Ended       time.Time
	Deployments []Deployment // in the order in which they began
	Skipped     []string     // provider cases that were left out, and why
	Warnings    []string     // those among them
	Kept        string       // what to say of what is kept; "" if all is destroyed
}

// Verdict is how a run ended.
type Verdict string

// Verdicts.
const (
	Passed      Verdict = "passed"
	Failed      Verdict = "failed"
	Interrupted Verdict = "interrupted"
)

// Deployment is a fixture that was applied, by one release of the provider.
type Deployment struct {
	Test     string // "TestHTTPD"; "prepare" of what the tests share
	Case     string // "aws-6"; "network" and "zone" of what they share
	Dir      string // work directory, from the repository's root
	Provider string // version of hashicorp/aws; "" unless it was initialized
	Source   string // where that version came from
	Stages   []Stage
	Targets  []Target // as they were seen last
	Watches  []Watch
	Events   []Event // of the service, newest first
	Note     string  // what the test says of its result
}

// Name is unique among the deployments of a run.
func (d Deployment) Name() string { return d.Test + "/" + d.Case }

// Stage is one stage of a deployment.
type Stage struct {
	Name    string
	Began   time.Time
	Seconds float64
	Detail  string   // what its line said at its end
	Skipped string   // why it was left out; "" if it ran
	Failure string   // why it failed, headline first; "" if it did not
	Changes *Changes // of the resources; nil of a stage that applied nothing
}

// Result is a word on how the stage ended.
func (s Stage) Result() string {
	switch {
	case s.Skipped != "":
		return "skipped"
	case s.Failure != "":
		return "failed"
	}
	return "passed"
}

// Says is the line on what the stage did, or on why it did not.
func (s Stage) Says() string {
	switch {
	case s.Skipped != "":
		return s.Skipped
	case s.Failure != "":
		return headline(s.Failure)
	}
	return s.Detail
}

// Changes counts resources that Terraform changed.
type Changes struct{ Added, Changed, Destroyed int }

// String is such as "3 added, 1 changed".
func (c Changes) String() string {
	var parts []string
	for _, part := range []struct {
		n    int
		what string
	}{{c.Added, "added"}, {c.Changed, "changed"}, {c.Destroyed, "destroyed"}} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	if len(parts) == 0 {
		return "no changes"
	}
	return strings.Join(parts, ", ")
}

// Target is a target of a target group.
type Target struct {
	Group         string // key: "primary", or of extra_target_groups
	Listener      string // protocol:port
	Target        string // instance:port
	ContainerPort int32  // 0: no running task bound the target's port
	State         string
	Reason        string
	HealthyAfter  string // such as "12 s"
}

// Watch is a time in which the health of a service's targets was watched.
type Watch struct {
	Stage        string // in which it was
	Began, Ended time.Time
	Changes      []Change // in the order in which they were seen
}

// Change is a state of a target, from when it was first seen.
type Change struct {
	At     time.Time
	Group  string
	Target string
	State  string // AWS's word, or "gone" when the target is registered no more
	Reason string
}

// Event is a message of the service.
type Event struct {
	At      time.Time
	Message string
}

// failures are the stages that failed, with their deployments.
func (r Run) failures() []failure {
	var all []failure
	for _, d := range r.Deployments {
		for _, stage := range d.Stages {
			if stage.Failure != "" {
				all = append(all, failure{d.Name(), stage.Name, stage.Failure})
			}
		}
	}
	return all
}

// failure is what to explain of a failed stage.
type failure struct{ Deployment, Stage, Text string }

// Headline is the first line of the explanation.
func (f failure) Headline() string { return headline(f.Text) }

func headline(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// title names the run and its verdict.
func (r Run) title() string {
	cloud := "AWS"
	if r.Cloud == "local" {
		cloud = "localaws"
	}
	return fmt.Sprintf("Integration tests on %s: %s", cloud, r.Verdict)
}

// facts are the run's own figures, each a name and a value.
func (r Run) facts() [][2]string {
	facts := [][2]string{
		{"Began", r.Began.Format("2006-01-02 15:04:05 MST")},
		{"Took", seconds(r.Ended.Sub(r.Began).Seconds())},
		{"Region", r.Region},
		{"Space", r.Space},
	}
	if r.ID != "" {
		facts = append(facts, [2]string{"Run", r.ID})
	}
	if r.Terraform != "" {
		facts = append(facts, [2]string{"Terraform", strings.TrimPrefix(r.Terraform, "Terraform ")})
	}
	for _, version := range r.providers() {
		facts = append(facts, [2]string{"Provider", version})
	}
	return facts
}

// providers are the releases of the provider that were used, each once, with
// the cases that used it.
func (r Run) providers() []string {
	var versions []string
	cases := map[string][]string{}
	for _, d := range r.Deployments {
		if d.Provider == "" || d.Test == Prepare {
			continue
		}
		version := fmt.Sprintf("hashicorp/aws %s from %s", d.Provider, d.Source)
		if cases[version] == nil {
			versions = append(versions, version)
		}
		if !slices.Contains(cases[version], d.Case) {
			cases[version] = append(cases[version], d.Case)
		}
	}
	for i, version := range versions {
		versions[i] = strings.Join(cases[version], ", ") + ": " + version
	}
	return versions
}

// Prepare is the Test of deployments that the tests share.
const Prepare = "prepare"

// seconds writes a duration as people read it.
func seconds(s float64) string {
	if s >= 120 {
		return fmt.Sprintf("%d min %02d s", int(s)/60, int(s)%60)
	}
	return fmt.Sprintf("%.0f s", s)
}
