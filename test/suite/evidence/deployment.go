package evidence

import (
	"fmt"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/report"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/workdir"
)

// Deployment is what was seen of a deployment.
type Deployment struct {
	*workdir.Deployment
	journal *Journal

	stages  []report.Stage
	targets []report.Target
	watches []report.Watch
	events  []report.Event
	note    string
	keys    map[string]string // of target groups, by ARN
}

// AddStage notes how a stage ended.
func (d *Deployment) AddStage(stage report.Stage) {
	d.journal.mu.Lock()
	defer d.journal.mu.Unlock()
	d.stages = append(d.stages, stage)
}

// Report adds a text to the end of the run's output, and to its reports.
func (d *Deployment) Report(text string) {
	d.journal.tell(d.Dir, d.title()+": "+text)
	d.journal.mu.Lock()
	defer d.journal.mu.Unlock()
	d.note = text
}

// ReportHealth adds a text on the targets' health to the end of the run's output.
func (d *Deployment) ReportHealth(text string) {
	d.journal.tell(d.Dir+" health", d.title()+"\n\n"+text)
}

// title names the deployment and its provider.
func (d *Deployment) title() string {
	return fmt.Sprintf("%s with hashicorp/aws %s (%s)", d.Label(), d.Record.Provider, d.Record.Source)
}

// addTo adds what was seen of the deployment to its part of the report.
func (d *Deployment) addTo(to *report.Deployment) {
	to.Provider, to.Source = d.Record.Provider, d.Record.Source
	to.Stages = append(to.Stages, d.stages...)
	for _, w := range d.watches {
		w.Changes = slices.Clone(w.Changes)
		for i := range w.Changes {
			w.Changes[i].Group = d.groupName(w.Changes[i].Group)
		}
		to.Watches = append(to.Watches, w)
	}
	if len(d.targets) > 0 {
		to.Targets, to.Events = d.targets, d.events
	}
	if d.note != "" {
		to.Note = d.note
	}
}

// groupName is the key of a target group that is known by its ARN, or its name.
func (d *Deployment) groupName(group string) string {
	if key, known := d.keys[group]; known {
		return key
	}
	if _, rest, isARN := strings.Cut(group, ":targetgroup/"); isARN {
		name, _, _ := strings.Cut(rest, "/")
		return name
	}
	return group
}
