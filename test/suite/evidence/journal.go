// Package evidence keeps what a run saw, and tells it at the end of the run's
// output and in its reports.
package evidence

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/report"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/workdir"
)

// Journal is what a run saw. All its methods may be called at the same time.
type Journal struct {
	warn func(text string)

	mu          sync.Mutex // guards all that follows, also in the journal's deployments
	deployments []*Deployment
	notes       []string // said again at the end
	texts       []endText
	unclean     bool // a teardown failed
	cases       cases
}

// endText is told at the end of a run. A later one of the same subject takes
// its place.
type endText struct{ subject, text string }

// cases counts the provider cases of tests.
type cases struct {
	asked     bool // by a test
	seen, ran int
	skips     []string
}

// New returns an empty journal. warn shows a line that should be seen.
func New(warn func(text string)) *Journal { return &Journal{warn: warn} }

// Add adds a deployment to the reports.
func (j *Journal) Add(d *workdir.Deployment) *Deployment {
	j.mu.Lock()
	defer j.mu.Unlock()
	added := &Deployment{Deployment: d, journal: j}
	j.deployments = append(j.deployments, added)
	return added
}

// WarnOnce says a line now and again at the end.
func (j *Journal) WarnOnce(text string) {
	j.mu.Lock()
	known := slices.Contains(j.notes, text)
	if !known {
		j.notes = append(j.notes, text)
	}
	j.mu.Unlock()
	if !known {
		j.warn(text)
	}
}

// Note is told at the end and in the reports.
func (j *Journal) Note(text string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.notes = append(j.notes, text)
}

// tell has a text told at the end.
func (j *Journal) tell(subject, text string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.texts = slices.DeleteFunc(j.texts, func(t endText) bool { return t.subject == subject })
	j.texts = append(j.texts, endText{subject, text})
}

// TeardownFailed notes that a deployment could not be destroyed.
func (j *Journal) TeardownFailed() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.unclean = true
}

// IsUnclean reports whether a teardown failed.
func (j *Journal) IsUnclean() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.unclean
}

// AskForCases notes that a test asked for provider cases.
func (j *Journal) AskForCases() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.cases.asked = true
}

// CountCase notes that a provider case ran, or why it was skipped.
func (j *Journal) CountCase(skipped error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.cases.seen++
	if skipped == nil {
		j.cases.ran++
		return
	}
	if skip := "SKIPPED " + skipped.Error(); !slices.Contains(j.cases.skips, skip) {
		j.cases.skips = append(j.cases.skips, skip)
	}
}

// Cases returns how many provider cases there were, and how many of them ran;
// asked says whether any test has cases.
func (j *Journal) Cases() (asked bool, seen, ran int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.cases.asked, j.cases.seen, j.cases.ran
}

// Complete adds to a report what was seen. A deployment that was taken up again,
// to destroy it, is one with what it was before.
func (j *Journal) Complete(run report.Run) report.Run {
	j.mu.Lock()
	defer j.mu.Unlock()
	run.Skipped = slices.Clone(j.cases.skips)
	run.Warnings = slices.Concat(j.cases.skips, j.notes)
	index := map[string]int{}
	for _, d := range j.deployments {
		if len(d.stages) == 0 {
			continue
		}
		i, known := index[d.Dir]
		if !known {
			i, index[d.Dir] = len(run.Deployments), len(run.Deployments)
			run.Deployments = append(run.Deployments, report.Deployment{Test: filepath.Base(filepath.Dir(d.Dir)), Case: d.Record.Name, Dir: workdir.Short(d.Dir)})
		}
		d.addTo(&run.Deployments[i])
	}
	slices.SortStableFunc(run.Deployments, func(a, b report.Deployment) int { return a.Stages[0].Began.Compare(b.Stages[0].Began) })
	return run
}

// Tell prints the texts, with which versions the tests ran, and warns of what
// should be seen again. It returns the last two.
func (j *Journal) Tell(terraform fmt.Stringer, print func(text string)) string {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, told := range j.texts {
		print("\n" + told.text)
	}
	ran := j.versionsRan(terraform)
	if ran != "" {
		print(ran)
	}
	notes := slices.Concat(j.cases.skips, j.notes)
	for _, note := range notes {
		j.warn(note)
	}
	return strings.Join(append([]string{ran}, notes...), "\n") + "\n"
}

// versionsRan says with which Terraform and providers the run was.
func (j *Journal) versionsRan(terraform fmt.Stringer) string {
	ran := map[string][]string{}
	for _, d := range j.deployments {
		version := fmt.Sprintf("hashicorp/aws %s from %s", d.Record.Provider, d.Record.Source)
		if d.Record.Provider != "" && !slices.Contains(ran[version], d.Record.Case) {
			ran[version] = append(ran[version], d.Record.Case)
		}
	}
	if len(ran) == 0 {
		return ""
	}
	var versions []string
	for _, version := range slices.Sorted(maps.Keys(ran)) {
		versions = append(versions, strings.Join(ran[version], ", ")+": "+version)
	}
	return fmt.Sprintf("ran with %s; %s", terraform, strings.Join(versions, "; "))
}
