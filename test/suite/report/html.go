package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"regexp"
	"slices"
	"time"
)

//go:embed page.html.tmpl
var pageText string

// page is made of the run as it is; the template engine escapes all of it by
// where it stands.
var page = template.Must(template.New("page").Parse(pageText))

// WriteHTML writes a page that needs nothing but itself: no script, no font, no
// style from elsewhere.
func WriteHTML(out io.Writer, run Run) error {
	if err := page.Execute(out, newView(run)); err != nil {
		return fmt.Errorf("writing the HTML report: %w", err)
	}
	return nil
}

// view is the page's content, with places on the time axes in percent.
type view struct {
	Title    string
	Verdict  Verdict
	Facts    [][2]string
	Kept     string
	Warnings []string
	Axis     []tick
	Bars     []bar
	Health   []healthView
	Services []serviceView
	Plans    []planView
	Failures []failure
	Notes    [][2]string
}

// tick is a mark of a time axis.
type tick struct {
	Left float64
	Text string
}

// bar is a stage on the time axis of the run.
type bar struct {
	Deployment  string // "" when it is that of the bar above
	HasFailed   bool   // any stage of the deployment
	Stage       Stage
	Says        []part
	Left, Width float64
	Took        string
}

// part is a piece of a text; one with a link is the name of a file.
type part struct{ Text, Link string }

// logFile is a log below .work, where the page is too.
var logFile = regexp.MustCompile(`\.work/([\w./-]+\.log)`)

// linked makes links of the log files that a text names.
func linked(text string) []part {
	var parts []part
	from := 0
	for _, at := range logFile.FindAllStringSubmatchIndex(text, -1) {
		parts = append(parts, part{Text: text[from:at[0]]}, part{Text: text[at[0]:at[1]], Link: text[at[2]:at[3]]})
		from = at[1]
	}
	return append(parts, part{Text: text[from:]})
}

// healthView is the health of a service's targets in the watches of one
// deployment.
type healthView struct {
	Deployment string
	Targets    []Target
	Watches    []watchView
}

type watchView struct {
	Stage string
	Began string // since the run began
	Took  string
	Axis  []tick
	Rows  []targetView
	Log   []changeView
}

// targetView is a target's states on the time axis of a watch.
type targetView struct {
	Group, Target string
	Spans         []span
}

type span struct {
	Left, Width float64
	State       string
	Reason      string
}

type changeView struct {
	Change
	After string // since the watch began
}

type serviceView struct {
	Deployment string
	Events     []eventView
}

type eventView struct {
	After   string // since the run began
	Message string
}

// planView is what Terraform changed in a deployment.
type planView struct {
	Deployment, Stage string
	Text              string
}

func newView(run Run) view {
	v := view{
		Title: run.title(), Verdict: run.Verdict, Facts: run.facts(), Kept: run.Kept, Warnings: run.Warnings, Failures: run.failures(),
	}
	axis := newAxis(run.Began, run.Ended)
	v.Axis = axis.ticks()
	for _, d := range run.Deployments {
		v.Bars = append(v.Bars, bars(axis, d)...)
		if len(d.Targets) > 0 || len(d.Watches) > 0 {
			v.Health = append(v.Health, healthOf(run, d))
		}
		if len(d.Events) > 0 {
			v.Services = append(v.Services, eventsOf(run, d))
		}
		v.Plans = append(v.Plans, plansOf(d)...)
		if d.Note != "" {
			v.Notes = append(v.Notes, [2]string{d.Name(), d.Note})
		}
	}
	return v
}

func bars(axis axis, d Deployment) []bar {
	var all []bar
	for i, stage := range d.Stages {
		b := bar{Stage: stage, Took: seconds(stage.Seconds)}
		if says := stage.Says(); says != "" {
			b.Says = linked(says)
		}
		if i == 0 {
			b.Deployment = d.Name()
			b.HasFailed = slices.ContainsFunc(d.Stages, func(s Stage) bool { return s.Failure != "" })
		}
		b.Left, b.Width = axis.span(stage.Began, stage.Began.Add(time.Duration(stage.Seconds*float64(time.Second))))
		all = append(all, b)
	}
	return all
}

// shortWatch is a watch that saw no more than the table of targets has.
const shortWatch = time.Second

func healthOf(run Run, d Deployment) healthView {
	h := healthView{Deployment: d.Name(), Targets: d.Targets}
	for _, watch := range d.Watches {
		if watch.Ended.Sub(watch.Began) < shortWatch {
			continue
		}
		axis := newAxis(watch.Began, watch.Ended)
		w := watchView{Stage: watch.Stage, Began: since(run.Began, watch.Began), Took: seconds(watch.Ended.Sub(watch.Began).Seconds()), Axis: axis.ticks()}
		for i, change := range watch.Changes {
			w.Log = append(w.Log, changeView{change, since(watch.Began, change.At)})
			s := span{State: change.State, Reason: change.Reason}
			s.Left, s.Width = axis.span(change.At, until(watch, i, axis))
			row := slices.IndexFunc(w.Rows, func(r targetView) bool { return r.Group == change.Group && r.Target == change.Target })
			if row < 0 {
				row, w.Rows = len(w.Rows), append(w.Rows, targetView{Group: change.Group, Target: change.Target})
			}
			w.Rows[row].Spans = append(w.Rows[row].Spans, s)
		}
		h.Watches = append(h.Watches, w)
	}
	return h
}

// until is when the state of a change ended: at the same target's next one, or
// with the axis.
func until(watch Watch, i int, a axis) time.Time {
	for _, next := range watch.Changes[i+1:] {
		if next.Group == watch.Changes[i].Group && next.Target == watch.Changes[i].Target {
			return next.At
		}
	}
	return a.ended
}

func eventsOf(run Run, d Deployment) serviceView {
	s := serviceView{Deployment: d.Name()}
	for _, event := range d.Events {
		s.Events = append(s.Events, eventView{since(run.Began, event.At), shortARN.ReplaceAllString(event.Message, "$1")})
	}
	return s
}

// shortARN finds what an ARN is of, such as targetgroup/tempo-otlp/0123: region and
// account are the same in all.
var shortARN = regexp.MustCompile(`arn:[\w-]+:[\w-]+:[\w-]*:\d*:([\w./-]+)`)

func plansOf(d Deployment) []planView {
	var plans []planView
	for _, stage := range d.Stages {
		switch {
		case stage.Changes != nil:
			plans = append(plans, planView{d.Name(), stage.Name, stage.Changes.String()})
		case stage.Name == Idempotence, stage.Name == Plan:
			plans = append(plans, planView{d.Name(), stage.Name, stage.Says()})
		}
	}
	return plans
}

// Names of the stages that plan: before a change, and after one.
const (
	Plan        = "plan"
	Idempotence = "idempotence"
)

// since is a moment as seconds after another one.
func since(began, at time.Time) string {
	return fmt.Sprintf("%+.1f s", at.Sub(began).Seconds())
}
