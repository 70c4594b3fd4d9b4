package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
)

// JUnit's XML, as far as CI systems read it.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Time     string       `xml:"time,attr"` // in seconds, as all times here
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitMessage `xml:"failure"`
		Skipped *junitMessage `xml:"skipped"`
	}
	junitMessage struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes JUnit's XML: a suite a deployment, a case a stage. What is in
// no stage is in a suite of its own, named run.
func WriteJUnit(out io.Writer, run Run) error {
	var all junitSuites
	for _, d := range run.Deployments {
		if len(d.Stages) > 0 {
			all.Suites = append(all.Suites, junitOf(d))
		}
	}
	if suite := junitOfRun(run, all.Suites); suite.Tests > 0 {
		all.Suites = append(all.Suites, suite)
	}
	for _, suite := range all.Suites {
		all.Tests += suite.Tests
		all.Failures += suite.Failures
		all.Skipped += suite.Skipped
	}
	all.Time = fmt.Sprintf("%.3f", run.Ended.Sub(run.Began).Seconds())
	text, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("making the JUnit report: %w", err)
	}
	if _, err := fmt.Fprintf(out, "%s%s\n", xml.Header, text); err != nil {
		return fmt.Errorf("writing the JUnit report: %w", err)
	}
	return nil
}

// junitOf names suites and cases the same in every run and space, so that CI systems
// can follow them; a stage that runs again is numbered.
func junitOf(d Deployment) junitSuite {
	suite := junitSuite{Name: d.Name()}
	total := 0.0
	times := map[string]int{}
	for _, stage := range d.Stages {
		name := stage.Name
		if times[name]++; times[name] > 1 {
			name = fmt.Sprintf("%s %d", name, times[name])
		}
		c := junitCase{Name: name, Class: d.Name(), Time: fmt.Sprintf("%.3f", stage.Seconds)}
		switch {
		case stage.Skipped != "":
			suite.Skipped++
			c.Skipped = &junitMessage{Message: stage.Skipped}
		case stage.Failure != "":
			suite.Failures++
			c.Failure = &junitMessage{Message: headline(stage.Failure), Text: stage.Failure}
		}
		total += stage.Seconds
		suite.Cases = append(suite.Cases, c)
	}
	suite.Tests, suite.Time = len(suite.Cases), fmt.Sprintf("%.3f", total)
	return suite
}

// junitOfRun has what is in no deployment's suite: provider cases that were left
// out, and a failure of no stage.
func junitOfRun(run Run, stages []junitSuite) junitSuite {
	const name = "run"
	took := fmt.Sprintf("%.3f", run.Ended.Sub(run.Began).Seconds())
	suite := junitSuite{Name: name, Skipped: len(run.Skipped), Time: took}
	for _, skipped := range run.Skipped {
		providerCase, _, _ := strings.Cut(strings.TrimPrefix(skipped, "SKIPPED "), ":")
		suite.Cases = append(suite.Cases, junitCase{Name: providerCase, Class: name, Time: "0.000", Skipped: &junitMessage{Message: skipped}})
	}
	told := slices.ContainsFunc(stages, func(s junitSuite) bool { return s.Failures > 0 })
	if run.Verdict != Passed && !told {
		text := fmt.Sprintf("the run %s outside of its stages", run.Verdict)
		if run.Verdict == Interrupted {
			text = "the run was interrupted"
		}
		suite.Failures = 1
		suite.Cases = append(suite.Cases, junitCase{Name: name, Class: name, Time: took, Failure: &junitMessage{
			Message: text, Text: strings.Join(append([]string{text}, run.Warnings...), "\n"),
		}})
	}
	suite.Tests = len(suite.Cases)
	return suite
}
