package report

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

var began = time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return began.Add(time.Duration(seconds) * time.Second) }

// aRun is one with a stage of each result.
func aRun() Run {
	return Run{
		Cloud: "local", Region: "us-west-2", Space: "test", ID: "abc123", Terraform: "Terraform 1.11.4", Verdict: Failed,
		Began: began, Ended: at(200), Warnings: []string{"FALL-BACK to aws-5"},
		Deployments: []Deployment{
			{Test: Prepare, Case: "network", Dir: ".work/local-test/prepare/network", Stages: []Stage{
				{Name: "prepare", Began: began, Seconds: 50, Detail: "16 resources", Changes: &Changes{Added: 16}},
			}},
			{
				Test: "TestX", Case: "aws-6", Dir: ".work/local-test/TestX/aws-6", Provider: "6.22.0", Source: "mirror /m", Note: "12 requests",
				Stages: []Stage{
					{Name: "deploy", Began: at(50), Seconds: 100, Detail: "42 resources", Changes: &Changes{Added: 41, Changed: 1}},
					{Name: "validate", Began: at(150), Seconds: 20, Failure: "target group \"extra\" is empty\n\nservice events:\n  none"},
					{Name: "idempotence", Skipped: "SKIP_idempotence"},
					{Name: "teardown", Began: at(170), Seconds: 30, Changes: &Changes{Destroyed: 42}},
				},
				Targets: []Target{{Group: "extra", Listener: "HTTPS:8081", Target: "i-1:32768", ContainerPort: 8081, State: "healthy", HealthyAfter: "12 s"}},
				Watches: []Watch{{Stage: "validate", Began: at(150), Ended: at(170), Changes: []Change{
					{At: at(150), Group: "extra", Target: "i-1:32768", State: "initial", Reason: "Elb.RegistrationInProgress"},
					{At: at(155), Group: "extra", Target: "i-1:32768", State: "healthy"},
				}}},
				Events: []Event{{At: at(140), Message: "(service x) has started 1 tasks"}},
			},
		},
	}
}

// node finds elements of a page by a predicate.
func nodes(page *html.Node, want func(*html.Node) bool) []*html.Node {
	var found []*html.Node
	for n := range page.Descendants() {
		if n.Type == html.ElementNode && want(n) {
			found = append(found, n)
		}
	}
	return found
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func class(tag, class string) func(*html.Node) bool {
	return func(n *html.Node) bool {
		for _, word := range strings.Fields(attribute(n, "class")) {
			if n.Data == tag && word == class {
				return true
			}
		}
		return false
	}
}

// text is what a reader sees of a node, blanks made one.
func text(n *html.Node) string {
	var b strings.Builder
	for child := range n.Descendants() {
		if child.Type == html.TextNode && child.Parent.Data != "style" {
			b.WriteString(child.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func parse(t *testing.T, run Run) (*html.Node, string) {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, WriteHTML(&out, run))
	page, err := html.Parse(bytes.NewReader(out.Bytes()))
	require.NoError(t, err)
	return page, out.String()
}

func TestHTMLShowsTheRun(t *testing.T) {
	t.Parallel()
	page, _ := parse(t, aRun())
	assert.Equal(t, "Integration tests on localaws: failed", text(nodes(page, func(n *html.Node) bool { return n.Data == "h1" })[0]))
	var stages []string
	for _, row := range nodes(page, class("tr", "stage")) {
		stages = append(stages, text(row))
	}
	assert.Equal(t, []string{
		"prepare 50 s passed : 16 resources",
		"deploy 100 s passed : 42 resources",
		`validate 20 s failed : target group "extra" is empty`,
		"idempotence skipped : SKIP_idempotence",
		"teardown 30 s passed",
	}, stages)
	bars := nodes(page, class("i", "bar"))
	require.Len(t, bars, 4, "a skipped stage has no bar")
	assert.Equal(t, "left:25%;width:50%", attribute(bars[1], "style"), "deploy, on the axis of the run")
	failures := nodes(page, class("details", "failure"))
	require.Len(t, failures, 1)
	assert.Contains(t, text(failures[0]), "service events: none")
	spans := nodes(page, func(n *html.Node) bool { return n.Data == "i" && attribute(n, "title") != "" })
	require.Len(t, spans, 2)
	assert.Equal(t, []string{"initial", "left:0%;width:25%"}, []string{attribute(spans[0], "class"), attribute(spans[0], "style")})
	assert.Equal(t, []string{"healthy", "left:25%;width:75%"}, []string{attribute(spans[1], "class"), attribute(spans[1], "style")})
	whole := text(page)
	for _, part := range []string{
		"aws-6: hashicorp/aws 6.22.0 from mirror /m", "FALL-BACK to aws-5", "(service x) has started 1 tasks", "+140.0 s",
		"+5.0 s extra i-1:32768 healthy", "TestX/aws-6 deploy 41 added, 1 changed", "TestX/aws-6 teardown 42 destroyed", "12 requests",
	} {
		assert.Contains(t, whole, part)
	}
}

// A watch that saw all at its first look has nothing to draw.
func TestHTMLLeavesOutShortWatches(t *testing.T) {
	t.Parallel()
	run := aRun()
	watch := &run.Deployments[1].Watches[0]
	watch.Ended, watch.Changes = watch.Began.Add(time.Millisecond), watch.Changes[:1]
	page, _ := parse(t, run)
	assert.Empty(t, nodes(page, class("details", "watch")))
	assert.Len(t, nodes(page, class("table", "targets")), 1)
}

// Nothing is loaded from anywhere, and nothing runs.
func TestHTMLNeedsNothingElse(t *testing.T) {
	t.Parallel()
	page, source := parse(t, aRun())
	assert.Empty(t, nodes(page, func(n *html.Node) bool {
		return n.Data == "script" || n.Data == "link" || n.Data == "img" || attribute(n, "src") != "" || attribute(n, "href") != ""
	}))
	assert.NotContains(t, source, "url(")
	assert.NotContains(t, source, "@import")
	assert.Contains(t, source, "prefers-color-scheme: dark")
}

const hostile = "</pre></details><script>alert(1)</script>\"' onmouseover='x' | `code` **b** <!-- --> ]]> ;}body{display:none}"

// hostileRun has a hostile text wherever a text can be.
func hostileRun() Run {
	run := aRun()
	run.Region, run.Space, run.ID, run.Terraform, run.Kept, run.Warnings = hostile, hostile, hostile, hostile, hostile, []string{hostile}
	run.Deployments = []Deployment{{
		Test: hostile, Case: hostile, Dir: hostile, Provider: hostile, Source: hostile, Note: hostile,
		Stages: []Stage{
			{Name: hostile, Began: began, Seconds: 1, Failure: hostile + "\n" + hostile},
			{Name: hostile, Began: began, Seconds: 1, Detail: hostile}, {Name: hostile, Skipped: hostile},
		},
		Targets: []Target{{Group: hostile, Listener: hostile, Target: hostile, State: hostile, Reason: hostile, HealthyAfter: hostile}},
		Watches: []Watch{{Stage: hostile, Began: began, Ended: at(2), Changes: []Change{{At: began, Group: hostile, Target: hostile, State: hostile, Reason: hostile}}}},
		Events:  []Event{{At: began, Message: hostile}},
	}}
	return run
}

func TestHTMLEscapesEverything(t *testing.T) {
	t.Parallel()
	page, _ := parse(t, hostileRun())
	assert.Empty(t, nodes(page, func(n *html.Node) bool { return n.Data == "script" || attribute(n, "onmouseover") != "" }))
	assert.Len(t, nodes(page, func(n *html.Node) bool { return n.Data == "style" }), 1)
	assert.GreaterOrEqual(t, strings.Count(text(page), "<script>alert(1)</script>"), 20, "it is shown as the text that it is")
	for _, n := range nodes(page, func(n *html.Node) bool { return attribute(n, "style") != "" }) {
		assert.Regexp(t, `^left:[0-9.]+%(;width:[0-9.]+%)?$`, attribute(n, "style"))
	}
}

func TestMarkdownShowsTheRun(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, WriteMarkdown(&out, aRun()))
	for _, line := range []string{
		"## Integration tests on localaws: failed",
		"- Terraform: 1.11.4",
		"- Provider: aws-6: hashicorp/aws 6.22.0 from mirror /m",
		"| prepare | network | prepare | 50 | passed | 16 resources |",
		"| TestX | aws-6 | validate | 20 | **failed** | target group \"extra\" is empty |",
		"| TestX | aws-6 | idempotence |  | skipped | SKIP\\_idempotence |",
		"| TestX/aws-6 | extra | HTTPS:8081 | i-1:32768 | 8081 | healthy | 12 s |",
		"- **FALL-BACK to aws-5**",
		"<details><summary>TestX/aws-6 validate: target group &#34;extra&#34; is empty</summary>",
	} {
		assert.Contains(t, strings.Split(out.String(), "\n"), line)
	}
}

func TestMarkdownEscapesEverything(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, WriteMarkdown(&out, hostileRun()))
	assert.NotContains(t, out.String(), "<script>")
	assert.Equal(t, 1, strings.Count(out.String(), "</pre>"), "the fold ends where it should")
	for _, line := range strings.Split(out.String(), "\n") {
		if strings.HasPrefix(line, "| ") {
			cells := strings.Count(line, "|") - strings.Count(line, `\|`)
			assert.Contains(t, []int{7, 8}, cells, "cells of %s", line)
		}
	}
}

func TestMarkdownShortensLongExplanations(t *testing.T) {
	t.Parallel()
	run := aRun()
	run.Deployments[1].Stages[1].Failure = strings.Repeat("ä", shownExplanation)
	var out bytes.Buffer
	require.NoError(t, WriteMarkdown(&out, run))
	assert.Contains(t, out.String(), "... the HTML report has the rest")
	assert.True(t, strings.ToValidUTF8(out.String(), "") == out.String(), "no character is cut in two")
}

func TestJUnit(t *testing.T) {
	t.Parallel()
	for name, run := range map[string]Run{"a run": aRun(), "hostile texts": hostileRun()} {
		var out bytes.Buffer
		require.NoError(t, WriteJUnit(&out, run), name)
		var read junitSuites
		require.NoError(t, xml.Unmarshal(out.Bytes(), &read), name)
		last := read.Suites[len(read.Suites)-1]
		assert.Equal(t, []int{1, 1}, []int{last.Failures, last.Skipped}, name)
		assert.Equal(t, run.Deployments[len(run.Deployments)-1].Name(), last.Name, name)
		assert.NotContains(t, out.String(), `name=".work`, name)
		assert.Equal(t, 1, read.Failures, name)
		cases := map[string]bool{}
		for _, suite := range read.Suites {
			for _, c := range suite.Cases {
				assert.False(t, cases[c.Class+" "+c.Name], "%s: two cases are named %s %s", name, c.Class, c.Name)
				cases[c.Class+" "+c.Name] = true
			}
		}
		assert.Len(t, cases, read.Tests, name)
	}
}

func TestJUnitNumbersTheStagesThatRunAgain(t *testing.T) {
	t.Parallel()
	run := Run{Verdict: Passed, Began: began, Ended: at(9), Deployments: []Deployment{{
		Test: "TestLifecycle", Case: "aws-6", Stages: []Stage{{Name: "deploy"}, {Name: "validate"}, {Name: "deploy"}},
	}}}
	var out bytes.Buffer
	require.NoError(t, WriteJUnit(&out, run))
	var read junitSuites
	require.NoError(t, xml.Unmarshal(out.Bytes(), &read))
	var names []string
	for _, c := range read.Suites[0].Cases {
		names = append(names, c.Class+" "+c.Name)
	}
	assert.Equal(t, []string{"TestLifecycle/aws-6 deploy", "TestLifecycle/aws-6 validate", "TestLifecycle/aws-6 deploy 2"}, names)
	assert.Equal(t, "9.000", read.Time)
}

func TestThePageLinksLogsAndShortensEvents(t *testing.T) {
	t.Parallel()
	run := Run{Verdict: Failed, Began: began, Ended: at(9), Deployments: []Deployment{{
		Test: "TestHTTPD", Case: "aws-6",
		Stages: []Stage{
			{Name: "deploy", Detail: "61 resources (log .work/local-test/TestHTTPD/aws-6/terraform.log)"},
			{Name: "validate", Failure: "empty"},
		},
		Events: []Event{{at(1), "registered 1 targets in (target-group arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/httpd/0123)"}},
	}}}
	page, whole := parse(t, run)
	links := nodes(page, func(n *html.Node) bool { return n.Data == "a" })
	require.Len(t, links, 1)
	assert.Equal(t, "local-test/TestHTTPD/aws-6/terraform.log", attribute(links[0], "href"), "from the page's own place in .work")
	assert.Contains(t, whole, "(target-group targetgroup/httpd/0123)")
	assert.Len(t, nodes(page, class("tr", "has-failed")), 2, "the deployment and its stage")
}

// What failed outside of stages, such as a check for leftovers, is not a success
// to readers of JUnit's XML.
func TestJUnitOfAFailureOutsideOfStages(t *testing.T) {
	t.Parallel()
	passed := Stage{Name: "deploy", Began: began, Seconds: 1}
	failed := Stage{Name: "deploy", Began: began, Seconds: 1, Failure: "it is broken"}
	for name, test := range map[string]struct {
		verdict Verdict
		stages  []Stage
		told    string
	}{
		"passed":                     {Passed, []Stage{passed}, ""},
		"failed in a stage":          {Failed, []Stage{failed}, ""},
		"failed outside":             {Failed, []Stage{passed}, "the run failed outside of its stages\nthis is left: a VPC"},
		"failed before any stage":    {Failed, nil, "the run failed outside of its stages\nthis is left: a VPC"},
		"interrupted between stages": {Interrupted, []Stage{passed}, "the run was interrupted\nthis is left: a VPC"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := Run{Verdict: test.verdict, Began: began, Ended: began, Warnings: []string{"this is left: a VPC"}}
			run.Deployments = []Deployment{{Dir: ".work/x", Stages: test.stages}}
			var out bytes.Buffer
			require.NoError(t, WriteJUnit(&out, run))
			var read junitSuites
			require.NoError(t, xml.Unmarshal(out.Bytes(), &read))
			told := ""
			for _, suite := range read.Suites {
				if suite.Name == "run" {
					assert.Equal(t, []int{1, 1}, []int{suite.Tests, suite.Failures})
					told = suite.Cases[0].Failure.Text
				}
			}
			assert.Equal(t, test.told, told)
		})
	}
}

func TestJUnitOfProviderCasesThatWereLeftOut(t *testing.T) {
	t.Parallel()
	run := Run{Verdict: Passed, Began: began, Ended: began, Skipped: []string{"SKIPPED aws-6: it is not available anywhere"}}
	var out bytes.Buffer
	require.NoError(t, WriteJUnit(&out, run))
	var read junitSuites
	require.NoError(t, xml.Unmarshal(out.Bytes(), &read))
	suite := read.Suites[0]
	assert.Equal(t, []int{1, 0, 1}, []int{suite.Tests, suite.Failures, suite.Skipped})
	assert.Equal(t, "aws-6", suite.Cases[0].Name)
	assert.Equal(t, run.Skipped[0], suite.Cases[0].Skipped.Message)
}

// A run that made nothing has reports too.
func TestEmptyRun(t *testing.T) {
	t.Parallel()
	run := Run{Cloud: "aws", Verdict: Passed, Began: began, Ended: began}
	page, _ := parse(t, run)
	assert.Contains(t, text(page), "Integration tests on AWS: passed")
	assert.Contains(t, text(page), "No stage ran.")
	var markdown, junit bytes.Buffer
	require.NoError(t, WriteMarkdown(&markdown, run))
	assert.Contains(t, markdown.String(), "No stage ran.")
	require.NoError(t, WriteJUnit(&junit, run))
	assert.NoError(t, xml.Unmarshal(junit.Bytes(), &junitSuites{}))
}

func TestAxis(t *testing.T) {
	t.Parallel()
	for _, length := range []time.Duration{0, time.Second, 7 * time.Second, 90 * time.Second, 25 * time.Minute, 10 * time.Hour} {
		a := newAxis(began, began.Add(length))
		ticks := a.ticks()
		assert.LessOrEqual(t, len(ticks), 11, "%v", length)
		assert.GreaterOrEqual(t, len(ticks), 3, "%v", length)
		assert.Zero(t, ticks[0].Left)
		left, width := a.span(began.Add(-time.Hour), began.Add(100*time.Hour))
		assert.Equal(t, []float64{0, 100}, []float64{left, width}, "what lies outside is cut off")
	}
}
