package tfcli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fake writes a shell script that plays Terraform.
func fake(t *testing.T, script string) Terraform {
	t.Helper()
	path := filepath.Join(t.TempDir(), "terraform")
	executable(t, path, "#!/bin/sh\n"+script)
	return Terraform{Path: path, Version: "1.11.4"}
}

// executable writes a script. No process may be forked meanwhile: it would
// inherit the open file, and running the script would fail as "text file busy".
func executable(t *testing.T, path, script string) {
	t.Helper()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	require.NoError(t, os.WriteFile(path, []byte(script), 0o755))
}

const failing = `
cat <<'END'
aws_vpc.this: Creating...
╷
│ Warning: Something old
│ 
│ It is deprecated.
╵
╷
│ Error: creating ECS Service (extra): InvalidParameterException: The target group does not have an associated load balancer.
│ 
│   with module.httpd.aws_ecs_service.this,
│   on ../../main.tf line 12, in resource "aws_ecs_service" "this":
│ 
╵
END
exit 1
`

func TestRunTellsTerraformsErrors(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	err := fake(t, failing).Run(t.Context(), Command{Args: []string{"apply"}, Dir: t.TempDir(), Env: os.Environ(), Log: &log})
	var failed *Error
	require.ErrorAs(t, err, &failed)
	require.Len(t, failed.Messages, 1, "a warning is not an error")
	assert.Contains(t, err.Error(), "terraform apply: Error: creating ECS Service (extra): InvalidParameterException")
	assert.Contains(t, err.Error(), "with module.httpd.aws_ecs_service.this")
	assert.Contains(t, log.String(), "Warning: Something old", "the log has all")
}

// plain is how Terraform tells errors with -no-color.
const plain = `
cat <<'END'
aws_vpc.this: Creating...

Warning: Something old

It is deprecated.

Error: creating VPC: VpcLimitExceeded

  with aws_vpc.this,
  on main.tf line 3, in resource "aws_vpc" "this":
   3: resource "aws_vpc" "this" {


Error: creating Alarm: UnknownError
END
exit 1
`

func TestRunTellsErrorsWithoutColor(t *testing.T) {
	t.Parallel()
	err := fake(t, plain).Run(t.Context(), Command{Args: []string{"apply"}, Dir: t.TempDir(), Env: os.Environ(), Log: &bytes.Buffer{}})
	var failed *Error
	require.ErrorAs(t, err, &failed)
	require.Len(t, failed.Messages, 2)
	assert.Contains(t, failed.Messages[0], "Error: creating VPC: VpcLimitExceeded\n  with aws_vpc.this,")
	assert.Equal(t, "Error: creating Alarm: UnknownError", failed.Messages[1])
}

// patient plays Terraform in the middle of an apply: an interrupt lets it end
// in good order, with its state written; a second one would abort it.
const patient = `
interrupts=0
trap 'interrupts=$((interrupts+1))' INT
echo "aws_lb.this: Still creating..."
while [ $interrupts -eq 0 ]; do sleep 0.05; done
echo "Gracefully shutting down..."
sleep 0.3
echo "$interrupts" > terraform.tfstate
exit 1
`

func TestRunInterruptsOnceAndWaits(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	interrupted := errors.New("interrupted")
	dir := t.TempDir()
	err := fake(t, patient).Run(ctx, Command{
		Args: []string{"apply"}, Dir: dir, Env: os.Environ(), Log: &bytes.Buffer{}, Kill: make(chan struct{}),
		Line: func(string) { cancel(interrupted) },
	})
	require.ErrorIs(t, err, interrupted)
	state, readError := os.ReadFile(filepath.Join(dir, "terraform.tfstate"))
	require.NoError(t, readError, "it had the time to write its state")
	assert.Equal(t, "1\n", string(state), "interrupts that it got")
}

// stubborn ignores interrupts.
const stubborn = `
trap '' INT
echo ready
while :; do sleep 0.05; done
`

func TestRunKills(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	kill := make(chan struct{})
	done := make(chan error, 1)
	tf := fake(t, stubborn)
	go func() {
		done <- tf.Run(ctx, Command{
			Args: []string{"apply"}, Dir: t.TempDir(), Env: os.Environ(), Log: &bytes.Buffer{}, Kill: kill,
			Line: func(string) { cancel(); close(kill) },
		})
	}()
	select {
	case err := <-done:
		assert.ErrorIs(t, err, context.Canceled)
	case <-time.After(20 * time.Second):
		t.Fatal("a killed Terraform still runs")
	}
}

func TestRunDoesNotStartWhenInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := fake(t, "touch started").Run(ctx, Command{Args: []string{"apply"}, Dir: t.TempDir(), Log: &bytes.Buffer{}})
	assert.ErrorContains(t, err, "terraform apply was not started")
}

func TestOutputTellsErrors(t *testing.T) {
	t.Parallel()
	out, err := fake(t, `echo '{"a": 1}'`).Output(t.Context(), Command{Args: []string{"output"}, Dir: t.TempDir(), Env: os.Environ()})
	require.NoError(t, err)
	assert.JSONEq(t, `{"a": 1}`, string(out))
	_, err = fake(t, "printf '╷\\n│ Error: No state\\n╵\\n' >&2; exit 1").Output(t.Context(), Command{Args: []string{"output"}, Dir: t.TempDir(), Env: os.Environ()})
	assert.EqualError(t, err, "terraform output: Error: No state")
}

func TestProgress(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		lines []string
		want  Progress
	}{
		"apply": {[]string{
			"Plan: 3 to add, 1 to change, 0 to destroy.",
			"aws_vpc.this: Creating...",
			"aws_vpc.this: Still creating... [10s elapsed]",
			"aws_vpc.this: Creation complete after 11s [id=vpc-1]",
			`aws_subnet.public["us-west-2a"]: Modifications complete after 0s [id=subnet-1]`,
		}, Progress{Planned: 4, Done: 2, Known: true, Added: 1, Changed: 1}},
		"destroy": {[]string{
			"Plan: 0 to add, 0 to change, 67 to destroy.",
			"module.httpd.aws_lb.this: Destruction complete after 1s",
		}, Progress{Planned: 67, Done: 1, Known: true, Destroyed: 1}},
		"import":     {[]string{"Plan: 2 to import, 1 to add, 0 to change, 1 to destroy."}, Progress{Planned: 2, Known: true}},
		"no changes": {[]string{"No changes. Your infrastructure matches the configuration."}, Progress{Known: true}},
		"other text": {[]string{"data.aws_region.current: Read complete after 0s [id=us-west-2]", "Apply complete! Resources: 3 added"}, Progress{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var progress Progress
			for _, line := range test.lines {
				progress.Line(line)
			}
			assert.Equal(t, test.want, progress)
		})
	}
}

// A log that is a file is written by Terraform itself, and read from there: a
// pipe would break, and end Terraform, when this process is killed.
func TestRunReadsAlongInALogFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	require.NoError(t, os.WriteFile(path, []byte("Error: of an earlier call\n"), 0o600))
	log, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	defer func() { assert.NoError(t, log.Close()) }()
	var read []string
	err = fake(t, `[ ! -p /dev/stdout ] || printf 'Error: the output is a pipe\n\n'`+plain).Run(t.Context(), Command{
		Args: []string{"apply"}, Dir: t.TempDir(), Env: os.Environ(), Log: log, Line: func(line string) { read = append(read, line) },
	})
	var failed *Error
	require.ErrorAs(t, err, &failed)
	assert.Len(t, failed.Messages, 2, "errors of this call only")
	require.NotEmpty(t, read)
	assert.Equal(t, "aws_vpc.this: Creating...", read[0])
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Contains(t, string(text), "of an earlier call")
	assert.Contains(t, string(text), "Error: creating Alarm: UnknownError")
}

// Whoever finds the held file locked knows which Terraform it is, and whether
// it was interrupted.
func TestRunHoldsALockForTerraform(t *testing.T) {
	t.Parallel()
	held, err := os.OpenFile(filepath.Join(t.TempDir(), "lock"), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	require.NoError(t, err)
	defer func() { assert.NoError(t, held.Close()) }()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	dir := t.TempDir()
	err = fake(t, "echo inherited >&3; echo $$ > pid\n"+patient).Run(ctx, Command{
		Args: []string{"apply"}, Dir: dir, Env: os.Environ(), Log: &bytes.Buffer{}, Held: held, Line: func(string) { cancel() },
	})
	require.ErrorIs(t, err, context.Canceled)
	assert.NotErrorIs(t, err, ErrKilled)
	pid, err := os.ReadFile(filepath.Join(dir, "pid"))
	require.NoError(t, err)
	text, err := os.ReadFile(held.Name())
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"inherited", strings.TrimSpace(string(pid)), HeldInterrupted}, strings.Fields(string(text)))
}
