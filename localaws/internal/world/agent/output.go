package agent

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/logs"
)

// flushInterval is how long, on the wall, log lines are gathered before they go
// out together; longestEvent is where a line is cut, as the awslogs driver does.
const (
	flushInterval = 100 * time.Millisecond
	longestEvent  = 262144 - 26
)

// output takes what a container writes, line by line.
type output struct {
	deliver func([]logs.Event) error
	now     func() time.Time
	starts  *regexp.Regexp // awslogs-multiline-pattern: how an event's first line begins
	failed  func(error)

	mu      sync.Mutex
	pending []logs.Event
	timer   *time.Timer
	closed  bool
	streams []*lineWriter
}

// stream returns a writer of its own: lines of stdout and stderr don't mix.
func (o *output) stream() io.Writer {
	o.mu.Lock()
	defer o.mu.Unlock()
	w := &lineWriter{output: o}
	o.streams = append(o.streams, w)
	return w
}

// lineWriter makes events of lines.
type lineWriter struct {
	output  *output
	partial []byte
	event   []byte // lines of an event that may go on
}

func (w *lineWriter) Write(b []byte) (int, error) {
	o := w.output
	o.mu.Lock()
	defer o.mu.Unlock()
	w.partial = append(w.partial, b...)
	for {
		end := bytes.IndexByte(w.partial, '\n')
		if end < 0 && len(w.partial) < longestEvent {
			return len(b), nil
		}
		if end < 0 || end > longestEvent {
			end = longestEvent - 1
			w.line(w.partial[:end])
			w.partial = w.partial[end:]
			continue
		}
		w.line(w.partial[:end])
		w.partial = w.partial[end+1:]
	}
}

// line takes a line under the output's lock.
func (w *lineWriter) line(line []byte) {
	if w.output.starts == nil {
		w.output.add(line)
		return
	}
	if w.output.starts.Match(line) || len(w.event)+len(line) > longestEvent {
		w.flush()
	}
	if len(w.event) > 0 {
		w.event = append(w.event, '\n')
	}
	w.event = append(w.event, line...)
}

func (w *lineWriter) flush() {
	if len(w.event) > 0 {
		w.output.add(w.event)
		w.event = nil
	}
}

func (o *output) add(line []byte) {
	text := strings.TrimSuffix(strings.ToValidUTF8(string(line), "\ufffd"), "\r")
	if text == "" || o.closed {
		return
	}
	o.pending = append(o.pending, logs.Event{Time: o.now(), Message: text})
	if o.timer == nil {
		o.timer = time.AfterFunc(flushInterval, o.flush)
	}
}

// flush delivers what has come.
func (o *output) flush() {
	o.mu.Lock()
	events := o.pending
	o.pending, o.timer = nil, nil
	o.mu.Unlock()
	if len(events) == 0 {
		return
	}
	if err := o.deliver(events); err != nil {
		o.failed(err)
	}
}

// close delivers the rest, unfinished lines too.
func (o *output) close() {
	o.mu.Lock()
	for _, w := range o.streams {
		if len(w.partial) > 0 {
			w.line(w.partial)
			w.partial = nil
		}
		w.flush()
	}
	o.closed = true
	if o.timer != nil {
		o.timer.Stop()
	}
	o.mu.Unlock()
	o.flush()
}

// openLogs makes each container's log stream.
func (t *task) openLogs() (failure string) {
	for _, c := range t.containers {
		if failure := c.openLog(); failure != "" {
			c.fail(failure)
			return failure
		}
	}
	return ""
}

func (c *taskContainer) openLog() (failure string) {
	c.output = &output{now: c.task.host.agents.account.Clock.Now, failed: func(err error) {
		c.task.host.agents.account.Log.Warn("delivering container logs", "container", c.name(), "error", err)
	}}
	config := c.definition.LogConfiguration
	if config == nil || config.LogDriver != types.LogDriverAwslogs {
		c.output.deliver = c.toFile
		return ""
	}
	for _, name := range []string{"awslogs-multiline-pattern"} {
		if text := config.Options[name]; text != "" {
			pattern, err := regexp.Compile(text)
			if err != nil {
				return fmt.Sprintf("ResourceInitializationError: failed to validate logger args: %s: %s", name, err)
			}
			c.output.starts = pattern
		}
	}
	return c.openStream(config.Options)
}

// openStream makes sure of the log stream, as the awslogs driver does when the
// container starts. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html
func (c *taskContainer) openStream(options map[string]string) (failure string) {
	a, group := c.task.host.agents, options["awslogs-group"]
	stream := c.id
	if prefix := options["awslogs-stream-prefix"]; prefix != "" {
		stream = prefix + "/" + c.name() + "/" + c.task.assignment.TaskID
	}
	role, why := c.logRole()
	if role == "" {
		return logFailure(why)
	}
	groupARN := a.account.ARN("logs", "log-group:"+group)
	streamARN := groupARN + ":log-stream:" + stream
	a.account.Do(func() {
		if options["awslogs-create-group"] == "true" {
			if failure = c.createGroup(role, group, groupARN); failure != "" {
				return
			}
		}
		if ok, why := a.Roles.Allows(role, "logs:CreateLogStream", streamARN); !ok {
			failure = logFailure(denied(role, "logs:CreateLogStream", streamARN, why))
			return
		}
		if err := a.Logs.CreateStream(group, stream); err != nil {
			failure = logFailure(err.Error())
		}
	})
	c.output.deliver = func(events []logs.Event) error {
		var err error
		a.account.Do(func() {
			if ok, why := a.Roles.Allows(role, "logs:PutLogEvents", streamARN); !ok {
				err = fmt.Errorf("%s", denied(role, "logs:PutLogEvents", streamARN, why))
				return
			}
			err = a.Logs.Put(group, stream, events)
		})
		return err
	}
	return failure
}

// logRole is who writes the logs: the execution role, else the instance's.
func (c *taskContainer) logRole() (arn, why string) {
	if role := c.task.assignment.ExecutionRoleARN; role != "" {
		return role, ""
	}
	h := c.task.host
	h.agents.account.Do(func() { arn, why = h.role(h.instance) })
	return arn, why
}

func (c *taskContainer) createGroup(role, group, arn string) (failure string) {
	a := c.task.host.agents
	if ok, why := a.Roles.Allows(role, "logs:CreateLogGroup", arn); !ok {
		return logFailure(denied(role, "logs:CreateLogGroup", arn, why))
	}
	if err := a.Logs.CreateGroup(group); err != nil {
		return logFailure(err.Error())
	}
	return ""
}

func logFailure(why string) string {
	return "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: " + why + " : exit status 1"
}

func denied(role, action, resource, why string) string {
	return fmt.Sprintf("AccessDeniedException: User: %s is not authorized to perform: %s on resource: %s because no identity-based policy allows the %s action (%s)",
		role, action, resource, action, why)
}

// toFile keeps the output of containers with another driver on the instance.
func (c *taskContainer) toFile(events []logs.Event) error {
	config := c.definition.LogConfiguration
	if config != nil && config.LogDriver == "none" {
		return nil
	}
	file, err := os.OpenFile(filepath.Join(c.task.directory, aws.ToString(c.definition.Name)+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("opening the container's log file: %w", err)
	}
	for _, e := range events {
		if _, err = fmt.Fprintf(file, "%s %s\n", e.Time.UTC().Format(time.RFC3339Nano), e.Message); err != nil {
			break
		}
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	return err
}
