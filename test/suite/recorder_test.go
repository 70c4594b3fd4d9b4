package suite

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/progress"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/stages"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/suitetest"
)

// failing stands for a test whose checks fail, which must not fail this one.
type failing struct{ testing.TB }

func (failing) Helper()               {}
func (failing) Error(...any)          {}
func (failing) Errorf(string, ...any) {}
func (failing) Fatalf(string, ...any) {}
func (failing) Fatal(...any)          {}
func (failing) FailNow()              {}

func TestTheRecorderSaysWhatFailedAndWhere(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fail func(t testing.TB)
		want string
	}{
		"error":     {func(t testing.TB) { t.Error("port", 8081, "is closed") }, `^port 8081 is closed \(recorder_test\.go:\d+\)$`},
		"errorf":    {func(t testing.TB) { t.Errorf("port %d is closed", 8081) }, `^port 8081 is closed \(recorder_test\.go:\d+\)$`},
		"fatal":     {func(t testing.TB) { t.Fatal(errors.New("no listener")) }, `^no listener \(recorder_test\.go:\d+\)$`},
		"fatalf":    {func(t testing.TB) { t.Fatalf("%s: unhealthy\n\nKEY", "otlp") }, `^otlp: unhealthy \(recorder_test\.go:\d+\)\n\nKEY$`},
		"assertion": {func(t testing.TB) { assert.True(t, false, "listener %d forwards", 8081) }, `^listener 8081 forwards: Should be true \(recorder_test\.go:\d+\)$`},
		"require":   {func(t testing.TB) { require.NoError(t, errors.New("gone")) }, `^Received unexpected error: gone \(recorder_test\.go:\d+\)`},
		"values":    {func(t testing.TB) { assert.Equal(t, 3, 2, "groups") }, `^groups: Not equal: expected: 3 actual  : 2 \(recorder_test\.go:\d+\)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &recorder{TB: failing{t}}
			test.fail(r)
			assert.Regexp(t, test.want, r.failure())
		})
	}
}

// What a check says is in the reports, not only in go test's output.
func TestReportsSayWhichCheckFailed(t *testing.T) {
	t.Parallel()
	r, out := suitetest.NewRun(t, nil)
	d := suitetest.Network(t, r)
	checks := &recorder{TB: failing{t}}
	require.Error(t, d.Stage(stages.Validate, func(*progress.Task) (string, error) {
		assert.Equal(checks, 3, 2, "groups")
		return "", errors.New(checks.failure())
	}))
	finish(r, 1)
	for what, extension := range map[string]string{"junit": ".xml", "summary": ".md", "report": ".html"} {
		assert.Regexp(t, `groups: Not equal: expected: 3 actual  : 2 \(recorder\\?_test\.go`, written(t, r, what, extension), what)
	}
	assert.Contains(t, out.String(), "groups: Not equal: expected: 3 actual  : 2 (recorder_test.go")
}
