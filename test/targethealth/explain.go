package targethealth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// How much of each is shown.
const (
	shownEvents  = 12
	shownStopped = 3
	shownLines   = 15
	shownBody    = 200
)

// Explain gathers what shows why a service's targets are not healthy: its
// deployments and events, stopped tasks, their logs, and what each listener
// answers. What can't be asked is said in its place.
func (w *Watcher) Explain(ctx context.Context, s Snapshot) string {
	var b strings.Builder
	fmt.Fprintf(&b, "service %s: %s, %d of %d tasks run, %d container instances in cluster %s\n",
		w.Service, aws.ToString(s.Service.Status), len(s.Tasks), s.Service.DesiredCount, s.ContainerInstances, w.Cluster)
	for _, deployment := range s.Service.Deployments {
		fmt.Fprintf(&b, "  deployment %s: %s %s %s\n", aws.ToString(deployment.Id), aws.ToString(deployment.Status), deployment.RolloutState, aws.ToString(deployment.RolloutStateReason))
	}
	writeEvents(&b, s.Service.Events)
	w.writeStopped(ctx, &b, s)
	w.writeHealth(&b, s)
	w.writeAnswers(ctx, &b)
	return strings.TrimRight(b.String(), "\n")
}

func writeEvents(b *strings.Builder, events []ecstypes.ServiceEvent) {
	b.WriteString("service events, newest first:\n")
	if len(events) == 0 {
		b.WriteString("  none\n")
	}
	for i, event := range events {
		if i == shownEvents {
			fmt.Fprintf(b, "  and %d older ones\n", len(events)-i)
			break
		}
		fmt.Fprintf(b, "  %s %s\n", aws.ToTime(event.CreatedAt).Local().Format("15:04:05"), aws.ToString(event.Message))
	}
}

func (w *Watcher) writeStopped(ctx context.Context, b *strings.Builder, s Snapshot) {
	var examples []Task // whose logs are worth a look
	if len(s.Stopped) > 0 {
		b.WriteString("stopped tasks:\n")
	}
	for i, task := range s.Stopped {
		if i == shownStopped {
			fmt.Fprintf(b, "  and %d more\n", len(s.Stopped)-i)
			break
		}
		fmt.Fprintf(b, "  %s: %s\n", lastPart(aws.ToString(task.TaskArn)), reason(task))
		examples = append(examples, Task{ARN: aws.ToString(task.TaskArn), RuntimeIDs: runtimeIDs(task)})
	}
	if len(examples) == 0 && len(s.Tasks) > 0 {
		examples = append(examples, s.Tasks[0])
	}
	if w.Logs == nil || len(examples) == 0 {
		return
	}
	for _, container := range s.Definition.ContainerDefinitions {
		w.writeLog(ctx, b, container, examples[0])
	}
}

func (w *Watcher) writeLog(ctx context.Context, b *strings.Builder, container ecstypes.ContainerDefinition, task Task) {
	logging := container.LogConfiguration
	if logging == nil || logging.LogDriver != ecstypes.LogDriverAwslogs {
		return
	}
	// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html
	group, name, taskID := logging.Options["awslogs-group"], aws.ToString(container.Name), lastPart(task.ARN)
	stream := task.RuntimeIDs[name]
	if prefix := logging.Options["awslogs-stream-prefix"]; prefix != "" {
		stream = strings.Join([]string{prefix, name, taskID}, "/")
	}
	fmt.Fprintf(b, "log of container %s, task %s:\n", name, taskID)
	if stream == "" {
		b.WriteString("  none: it has not run\n")
		return
	}
	lines, err := w.Logs.Tail(ctx, group, stream, shownLines)
	if err != nil {
		fmt.Fprintf(b, "  can't be read: %v\n", err)
		return
	}
	if len(lines) == 0 {
		b.WriteString("  empty\n")
	}
	for _, line := range lines {
		fmt.Fprintf(b, "  %s\n", line)
	}
}

func (w *Watcher) writeHealth(b *strings.Builder, s Snapshot) {
	b.WriteString("target health:\n")
	for _, group := range w.Groups {
		targets, before := s.Targets[group.Key], ""
		if len(targets) == 0 {
			targets, before = s.Before[group.Key], " before"
			fmt.Fprintf(b, "  %s: no target is registered\n", group.Key)
		}
		for _, target := range targets {
			said := target.State
			if target.State != healthyState {
				said += ": " + cause(target, group)
			}
			fmt.Fprintf(b, "  %s: %s%s %s\n", group.Key, target.id(), before, said)
		}
	}
}

func (w *Watcher) writeAnswers(ctx context.Context, b *strings.Builder) {
	if w.Client == nil {
		return
	}
	b.WriteString("listeners:\n")
	for _, group := range w.Groups {
		status, body, err := Get(ctx, w.Client, group.URL)
		if err != nil {
			fmt.Fprintf(b, "  %s: %v\n", group.Key, err)
			continue
		}
		fmt.Fprintf(b, "  %s: GET %s answers %d %q\n", group.Key, group.URL, status, body[:min(len(body), shownBody)])
	}
}

// Get requests a URL and returns the status and the body, at most 64 KiB of
// it. A request that got no answer is an error which says what that means.
func Get(ctx context.Context, client *http.Client, url string) (int, string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", fmt.Errorf("request to %q: %w", url, err)
	}
	response, err := client.Do(request)
	if err != nil {
		var network net.Error
		if errors.As(err, &network) && network.Timeout() {
			return 0, "", fmt.Errorf("timed out: nothing answers on this listener, packets to it are dropped: does the load balancer's security group let you in on its port? (%w)", err)
		}
		return 0, "", fmt.Errorf("no answer: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err != nil {
		return response.StatusCode, "", fmt.Errorf("reading the answer of %s: %w", url, err)
	}
	return response.StatusCode, string(body), nil
}

func lastPart(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
