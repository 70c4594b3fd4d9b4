package suite

import (
	"fmt"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// recorder is the test that a validation's checks fail: it remembers why, for the
// stage's line and the reports. What a check says to the test itself only go test's
// output has.
type recorder struct {
	testing.TB

	mu   sync.Mutex
	said []string
}

// Error, Errorf, Fatal, and Fatalf are those of testing.TB.
func (r *recorder) Error(args ...any) {
	r.Helper()
	r.note(strings.TrimSuffix(fmt.Sprintln(args...), "\n"))
	r.TB.Error(args...)
}

func (r *recorder) Errorf(format string, args ...any) {
	r.Helper()
	r.note(fmt.Sprintf(format, args...))
	r.TB.Errorf(format, args...)
}

func (r *recorder) Fatal(args ...any) {
	r.Helper()
	r.note(strings.TrimSuffix(fmt.Sprintln(args...), "\n"))
	r.TB.Fatal(args...)
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Helper()
	r.note(fmt.Sprintf(format, args...))
	r.TB.Fatalf(format, args...)
}

func (r *recorder) note(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if assertion, ok := readAssertion(text); ok {
		r.said = append(r.said, assertion)
		return
	}
	headline, rest, more := strings.Cut(text, "\n")
	headline += " (" + place() + ")"
	if more {
		headline += "\n" + rest
	}
	r.said = append(r.said, headline)
}

// failure is what the checks said, the first one's headline first; "" when none
// failed.
func (r *recorder) failure() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.said, "\n\n")
}

// place is the line of the test that called.
func place() string {
	callers := make([]uintptr, 32)
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers)])
	for {
		frame, more := frames.Next()
		if strings.HasSuffix(frame.File, "_test.go") {
			return fmt.Sprintf("%s:%d", filepath.Base(frame.File), frame.Line)
		}
		if !more {
			return "not in a test file"
		}
	}
}

// assertionPart begins a part of what testify says of a failed assertion.
var assertionPart = regexp.MustCompile(`^\s*(Error Trace|Error|Test|Messages):\s*(.*)$`)

// readAssertion makes a headline of what testify says: the message that the test
// gives, the assertion that failed, and where. All of the assertion follows it.
func readAssertion(text string) (string, bool) {
	parts := map[string][]string{}
	name := ""
	for line := range strings.Lines(text) {
		if match := assertionPart.FindStringSubmatch(strings.TrimRight(line, "\n")); match != nil {
			name = match[1]
			line = match[2]
		}
		if line = strings.TrimSpace(line); line != "" && name != "" {
			parts[name] = append(parts[name], line)
		}
	}
	trace, failed := parts["Error Trace"], parts["Error"]
	if len(trace) == 0 || len(failed) == 0 {
		return "", false
	}
	headline := failed[0]
	if strings.HasSuffix(headline, ":") { // such as Not equal, with both values below
		headline = strings.Join(failed[:min(3, len(failed))], " ")
	}
	if messages := parts["Messages"]; len(messages) > 0 {
		headline = messages[0] + ": " + headline
	}
	rest := append(failed[1:], parts["Messages"][min(1, len(parts["Messages"])):]...)
	return strings.Join(append([]string{fmt.Sprintf("%s (%s)", headline, filepath.Base(trace[0]))}, rest...), "\n"), true
}
