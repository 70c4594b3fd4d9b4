package ecsagent

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/logs"
)

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
	c.output = newOutput(c.task.agent.account.Clock.Now, func(err error) {
		c.task.agent.account.Log.Warn("delivering container logs", "container", c.name(), "error", err)
	})
	config := c.definition.LogConfiguration
	if config == nil || config.LogDriver != types.LogDriverAwslogs {
		c.output.deliver = c.toFile
		return ""
	}
	if text := config.Options["awslogs-multiline-pattern"]; text != "" {
		pattern, err := regexp.Compile(text)
		if err != nil {
			return fmt.Sprintf("ResourceInitializationError: failed to validate logger args: awslogs-multiline-pattern: %s", err)
		}
		c.output.starts = pattern
	}
	return c.openStream(config.Options)
}

// openStream makes the container's log stream.
func (c *taskContainer) openStream(options map[string]string) (failure string) {
	role, why := c.logRole()
	if role == "" {
		return logFailure(why)
	}
	stream := c.id
	if prefix := options["awslogs-stream-prefix"]; prefix != "" {
		stream = prefix + "/" + c.name() + "/" + c.task.assignment.TaskID
	}
	d := awslogs{Agents: c.task.agent.Agents, role: role, group: options["awslogs-group"], stream: stream}
	c.output.deliver = d.put
	d.account.Do(func() {
		if err := d.open(options["awslogs-create-group"] == "true"); err != nil {
			failure = logFailure(err.Error())
		}
	})
	return failure
}

// logRole is who writes the logs: the execution role, else the instance's.
func (c *taskContainer) logRole() (arn, why string) {
	if role := c.task.assignment.ExecutionRoleARN; role != "" {
		return role, ""
	}
	c.task.agent.account.Do(func() { arn, why = c.task.agent.machine.Role() })
	return arn, why
}

// awslogs is the log driver that writes to a stream of CloudWatch Logs.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html
type awslogs struct {
	*Agents
	role, group, stream string
}

func (d awslogs) groupARN() string  { return d.account.ARN("logs", "log-group:"+d.group) }
func (d awslogs) streamARN() string { return d.groupARN() + ":log-stream:" + d.stream }

// open makes the stream, and the group if asked to, under the account's lock.
func (d awslogs) open(createGroup bool) error {
	if createGroup {
		if err := d.allowed("logs:CreateLogGroup", d.groupARN()); err != nil {
			return err
		}
		if err := d.Logs.CreateGroup(d.group); err != nil {
			return err
		}
	}
	if err := d.allowed("logs:CreateLogStream", d.streamARN()); err != nil {
		return err
	}
	return d.Logs.CreateStream(d.group, d.stream)
}

// put delivers events.
func (d awslogs) put(events []logs.Event) (err error) {
	d.account.Do(func() {
		if err = d.allowed("logs:PutLogEvents", d.streamARN()); err == nil {
			err = d.Logs.Put(d.group, d.stream, events)
		}
	})
	return err
}

func (d awslogs) allowed(action, resource string) error {
	if ok, why := d.Roles.Allows(d.role, action, resource); !ok {
		return errors.New(denied(d.role, action, resource, why))
	}
	return nil
}

func logFailure(why string) string {
	return "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: " + why + " : exit status 1"
}

func denied(role, action, resource, why string) string {
	return fmt.Sprintf("AccessDeniedException: User: %s is not authorized to perform: %s on resource: %s because no identity-based policy allows the %s action (%s)",
		role, action, resource, action, why)
}

// maxLogFile is how long the file of a container's output may get, in bytes: then
// it begins again, and the one before is kept.
const maxLogFile = 10 << 20

// toFile keeps the output of containers with another driver on the instance.
func (c *taskContainer) toFile(events []logs.Event) error {
	config := c.definition.LogConfiguration
	if config != nil && config.LogDriver == "none" {
		return nil
	}
	name := filepath.Join(c.task.directory, c.name()+".log")
	if info, err := os.Stat(name); err == nil && info.Size() > maxLogFile {
		if err := os.Rename(name, name+".1"); err != nil {
			return fmt.Errorf("keeping the container's log file: %w", err)
		}
	}
	file, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
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
