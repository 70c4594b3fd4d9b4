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
		XMLName xml.Name     `xml:"testsuites"`
		Suites  []junitSuite `xml:"testsuite"`
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

// WriteJUnit writes JUnit's XML: a suite a deployment, a case a stage. A run that
// failed though no stage did is a case of its own.
func WriteJUnit(out io.Writer, run Run) error {
	var all junitSuites
	for _, d := range run.Deployments {
		if len(d.Stages) > 0 {
			all.Suites = append(all.Suites, junitOf(d))
		}
	}
	if run.Verdict == Failed && len(run.failures()) == 0 {
		all.Suites = append(all.Suites, junitOfRun(run))
	}
	text, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("making the JUnit report: %w", err)
	}
	if _, err := fmt.Fprintf(out, "%s%s\n", xml.Header, text); err != nil {
		return fmt.Errorf("writing the JUnit report: %w", err)
	}
	return nil
}

// junitOfRun is the failure of what is no stage: a check between two stages, or
// something that was left though all was destroyed.
func junitOfRun(run Run) junitSuite {
	took := fmt.Sprintf("%.3f", run.Ended.Sub(run.Began).Seconds())
	text := strings.Join(append(slices.Clone(run.Warnings), "no stage failed: the tests' output says what did"), "\n")
	return junitSuite{Name: "run", Tests: 1, Failures: 1, Time: took, Cases: []junitCase{{
		Name: "run", Class: "run", Time: took, Failure: &junitMessage{Message: headline(text), Text: text},
	}}}
}

func junitOf(d Deployment) junitSuite {
	suite := junitSuite{Name: d.Dir}
	total := 0.0
	for _, stage := range d.Stages {
		c := junitCase{Name: stage.Name, Class: d.Dir, Time: fmt.Sprintf("%.3f", stage.Seconds)}
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
