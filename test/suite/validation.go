package suite

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/progress"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/stages"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/workdir"
	"github.com/infrahouse/terraform-aws-ecs/test/targethealth"
)

// Validation is what a test's checks look through: the SDK's clients and
// requests to listeners, in the cloud in use.
type Validation struct {
	deployment *Deployment
	task       *progress.Task
	detail     string
}

// Config is the SDK's configuration for the cloud in use.
func (v *Validation) Config() aws.Config { return v.deployment.run.Cloud.Config() }

// ELB is a client of Elastic Load Balancing.
func (v *Validation) ELB() *elasticloadbalancingv2.Client {
	return elasticloadbalancingv2.NewFromConfig(v.Config())
}

// Client sends requests to listeners.
func (v *Validation) Client() *http.Client { return v.deployment.run.Cloud.Client() }

// WaitHealthy waits until the service runs what Terraform applied, and every target
// of every group is healthy, and as many as the service's tasks. Otherwise the test fails, with the table and what
// explains it. The table and curl commands are printed at the end of the run. Without
// groups it waits for the tasks alone.
func (v *Validation) WaitHealthy(ctx context.Context, t testing.TB, cluster, service string, groups []targethealth.Group) targethealth.Snapshot {
	t.Helper()
	w := v.Watcher(cluster, service, groups)
	applied, err := v.deployment.Service(cluster, service)
	if err != nil {
		t.Fatal(err)
	}
	w.Applied = asApplied(applied)
	snapshot, err := w.Wait(ctx)
	v.deployment.Evidence.RememberHealth(&snapshot)
	v.deployment.Evidence.NoteHealth(stages.Validate, groups, snapshot, w.Timeline())
	var table bytes.Buffer
	if tableError := targethealth.Table(&table, groups, snapshot); tableError != nil {
		t.Error(tableError)
	}
	if ctx.Err() != nil {
		t.Fatal(context.Cause(ctx))
	}
	if err != nil {
		t.Fatalf("%v\n\n%s\n%s", err, table.String(), w.Explain(ctx, snapshot))
	}
	v.detail = fmt.Sprintf("%d of %d target groups healthy", len(groups), len(groups))
	if len(groups) > 0 {
		v.deployment.Evidence.ReportHealth(table.String() + "\n" + v.curlCommands(ctx, groups))
	}
	return snapshot
}

// asApplied is what a service in the state should run.
func asApplied(service workdir.Service) *targethealth.Applied {
	applied := &targethealth.Applied{TaskDefinition: service.TaskDefinition}
	for _, lb := range service.LoadBalancers {
		applied.Registrations = append(applied.Registrations, targethealth.Registration{
			TargetGroup: lb.TargetGroupARN, Container: lb.ContainerName, ContainerPort: lb.ContainerPort,
		})
	}
	return applied
}

// Watcher is a watcher of a service in the cloud in use.
func (v *Validation) Watcher(cluster, service string, groups []targethealth.Group) *targethealth.Watcher {
	cfg := v.Config()
	return &targethealth.Watcher{
		ECS:      ecs.NewFromConfig(cfg),
		ELB:      elasticloadbalancingv2.NewFromConfig(cfg),
		Logs:     targethealth.LogReader{Config: cfg, Client: &http.Client{Timeout: 10 * time.Second}},
		Client:   v.Client(),
		Cluster:  cluster,
		Service:  service,
		Groups:   groups,
		Patience: v.deployment.run.Cloud.Patience(),
		Progress: v.Progress,
	}
}

// Patience says how long to wait in the cloud in use.
func (v *Validation) Patience() targethealth.Patience { return v.deployment.run.Cloud.Patience() }

// Progress shows on the stage's line how far the validation is.
func (v *Validation) Progress(text string) { v.task.Detail("%s", text) }

// Result is what the stage's line says at the end, instead of how many target
// groups are healthy.
func (v *Validation) Result(text string) { v.detail = text }

// curlCommands are ready to paste, one a listener.
func (v *Validation) curlCommands(ctx context.Context, groups []targethealth.Group) string {
	var b strings.Builder
	for _, group := range groups {
		command, err := v.curlCommand(ctx, group.URL)
		if err != nil {
			command = fmt.Sprintf("# %s: %v", group.Key, err)
		}
		b.WriteString(command + "\n")
	}
	return b.String()
}

func (v *Validation) curlCommand(ctx context.Context, address string) (string, error) {
	host, port, err := hostPort(address)
	if err != nil {
		return "", err
	}
	options, remark, err := v.deployment.run.Cloud.CurlOptions(ctx, host, port)
	if err != nil {
		return "", err
	}
	for i, option := range options {
		options[i] = workdir.Short(option)
	}
	command := strings.Join(append(append([]string{"curl"}, options...), address), " ")
	if remark != "" {
		command = "# " + remark + ":\n" + command
	}
	return command, nil
}

// hostPort takes a URL apart; the port is the scheme's own when none is given.
func hostPort(address string) (string, int, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", 0, fmt.Errorf("URL %q: %w", address, err)
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return "", 0, fmt.Errorf("URL %q has no port: %w", address, err)
	}
	return u.Hostname(), n, nil
}
