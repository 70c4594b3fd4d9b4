package suite

import (
	"encoding/xml"
	"fmt"
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

// writeJUnit writes .work/junit-<cloud>-<space>.xml: a suite a deployment, a
// case a stage.
func (s *Suite) writeJUnit() error {
	s.reporting.Lock()
	defer s.reporting.Unlock()
	var all junitSuites
	for _, d := range s.deployments {
		if len(d.results) > 0 {
			all.Suites = append(all.Suites, d.junit(short(d.Dir)))
		}
	}
	text, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the JUnit report: %w", err)
	}
	return s.writeReport("junit", ".xml", append([]byte(xml.Header), text...))
}

func (d *Deployment) junit(class string) junitSuite {
	suite := junitSuite{Name: class}
	total := 0.0
	for _, result := range d.results {
		c := junitCase{Name: result.stage, Class: class, Time: fmt.Sprintf("%.3f", result.seconds)}
		switch {
		case result.skipped != "":
			suite.Skipped++
			c.Skipped = &junitMessage{Message: result.skipped}
		case result.failure != "":
			suite.Failures++
			c.Failure = &junitMessage{Message: headlineOf(result.failure), Text: result.failure}
		}
		total += result.seconds
		suite.Cases = append(suite.Cases, c)
	}
	suite.Tests, suite.Time = len(suite.Cases), fmt.Sprintf("%.3f", total)
	return suite
}
