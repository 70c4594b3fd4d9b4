// Package gotest knows what `go test` was told by its flags.
package gotest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Pattern is go test's -run.
func Pattern() string {
	if f := flag.Lookup("test.run"); f != nil {
		return f.Value.String()
	}
	return ""
}

// Timeout is go test's -timeout, 0 for none.
func Timeout() time.Duration {
	if f := flag.Lookup("test.timeout"); f != nil {
		if timeout, err := time.ParseDuration(f.Value.String()); err == nil {
			return timeout
		}
	}
	return 0
}

// testFunction is the head of a test.
var testFunction = regexp.MustCompile(`(?m)^func (Test\w+)\(t `)

// CheckPattern refuses a pattern of -run that fits no test of a folder: go test
// would warn, and pass.
func CheckPattern(pattern, dir string) error {
	top, below, _ := strings.Cut(pattern, "/")
	if below != "" && strings.Contains(pattern, "|") {
		return nil // alternatives, each with a part for subtests
	}
	fits, err := regexp.Compile(top)
	if err != nil {
		return nil //nolint:nilerr // go test says it
	}
	if fits.MatchString("") { // such as ^$, which wants none
		return nil
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return fmt.Errorf("looking for tests: %w", err)
	}
	var tests []string
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("looking for tests: %w", err)
		}
		for _, match := range testFunction.FindAllSubmatch(text, -1) {
			if fits.Match(match[1]) {
				return nil
			}
			tests = append(tests, string(match[1]))
		}
	}
	if len(tests) == 0 {
		return nil // the binary runs elsewhere
	}
	return fmt.Errorf("TEST_FILTER, or -run: no test matches %q; the tests are %s", pattern, strings.Join(tests, ", "))
}
