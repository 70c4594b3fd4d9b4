package ecs

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
)

// journal writes the events of services, and those that go to EventBridge.
type journal struct {
	*region
	bus Events // nil drops them
}

// maxEvents is how many events a service keeps.
const maxEvents = 100

// event adds a message to the service's events,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html.
func (j journal) event(svc *service, format string, args ...any) {
	now := j.acct.Clock.Now()
	j.state.Services.Change(svc.ARN)
	svc.Events = slices.Insert(svc.Events, 0, types.ServiceEvent{
		Id: aws.String(ids.UUID()), CreatedAt: &now, Message: aws.String(fmt.Sprintf(format, args...)),
	})
	svc.Events = svc.Events[:min(len(svc.Events), maxEvents)]
}

// noticePeriod is how long a notice is not repeated.
const noticePeriod = 5 * time.Minute

// notice is an event that is not repeated within noticePeriod. It reports
// whether it was written.
func (j journal) notice(svc *service, key, format string, args ...any) (written bool) {
	now := j.acct.Clock.Now()
	if now.Before(svc.Notices[key]) {
		return false
	}
	j.state.Services.Change(svc.ARN)
	if svc.Notices == nil {
		svc.Notices = map[string]time.Time{}
	}
	maps.DeleteFunc(svc.Notices, func(_ string, until time.Time) bool { return until.Before(now) })
	svc.Notices[key] = j.acct.Clock.In(noticePeriod)
	j.event(svc, format, args...)
	return true
}

// Events for EventBridge,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_events.html.

// stateChange is the detail of service and deployment events.
type stateChange struct {
	EventType    string `json:"eventType"`
	EventName    string `json:"eventName"`
	ClusterARN   string `json:"clusterArn,omitempty"`
	DeploymentID string `json:"deploymentId,omitempty"`
	CreatedAt    string `json:"createdAt,omitempty"`
	UpdatedAt    string `json:"updatedAt,omitempty"`
	Reason       string `json:"reason,omitempty"`
}

func (j journal) emit(detailType string, resource string, detail any) {
	if j.bus != nil {
		j.bus.Emit("aws.ecs", detailType, []string{resource}, detail)
	}
}

func (j journal) emitDeployment(svc *service, d *deployment, name, reason string) {
	kind := "INFO"
	if name == "SERVICE_DEPLOYMENT_FAILED" {
		kind = "ERROR"
	}
	j.emit("ECS Deployment State Change", svc.ARN, stateChange{
		EventType: kind, EventName: name, DeploymentID: d.ID, UpdatedAt: moment(j.acct.Clock.Now()), Reason: reason,
	})
}

func (j journal) emitAction(svc *service, kind, name string) {
	j.emit("ECS Service Action", svc.ARN, stateChange{
		EventType: kind, EventName: name, ClusterARN: j.arn("cluster/" + svc.Cluster),
		CreatedAt: moment(j.acct.Clock.Now()),
	})
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// taskChange is the detail of a task event.
type taskChange struct {
	ClusterARN           string            `json:"clusterArn"`
	TaskARN              string            `json:"taskArn"`
	TaskDefinitionARN    string            `json:"taskDefinitionArn"`
	ContainerInstanceARN string            `json:"containerInstanceArn,omitempty"`
	Containers           []containerChange `json:"containers"`
	Group                string            `json:"group"`
	StartedBy            string            `json:"startedBy,omitempty"`
	LastStatus           string            `json:"lastStatus"`
	DesiredStatus        string            `json:"desiredStatus"`
	StopCode             string            `json:"stopCode,omitempty"`
	StoppedReason        string            `json:"stoppedReason,omitempty"`
	CreatedAt            string            `json:"createdAt"`
	UpdatedAt            string            `json:"updatedAt"`
	Version              int64             `json:"version"`
}

type containerChange struct {
	Name       string `json:"name"`
	LastStatus string `json:"lastStatus"`
	ExitCode   *int32 `json:"exitCode,omitempty"`
	Reason     string `json:"reason,omitempty"`
}

func (j journal) emitTask(t *task) {
	if j.bus == nil {
		return
	}
	detail := taskChange{
		ClusterARN: j.arn("cluster/" + t.Cluster), TaskARN: t.ARN,
		TaskDefinitionARN: j.arn("task-definition/" + t.Definition), ContainerInstanceARN: t.Instance,
		Containers: []containerChange{}, Group: t.Group, StartedBy: t.StartedBy,
		LastStatus: t.LastStatus, DesiredStatus: t.DesiredStatus, StopCode: string(t.StopCode), StoppedReason: t.StoppedReason,
		CreatedAt: moment(t.CreatedAt), UpdatedAt: moment(j.acct.Clock.Now()), Version: t.Version,
	}
	for _, c := range t.Containers {
		detail.Containers = append(detail.Containers, containerChange{c.Name, c.Status, c.ExitCode, c.Reason})
	}
	j.emit("ECS Task State Change", t.ARN, detail)
}

// instanceChange is the detail of a container instance event.
type instanceChange struct {
	ClusterARN           string `json:"clusterArn"`
	ContainerInstanceARN string `json:"containerInstanceArn"`
	EC2InstanceID        string `json:"ec2InstanceId"`
	AgentConnected       bool   `json:"agentConnected"`
	Status               string `json:"status"`
	Version              int64  `json:"version"`
}

func (j journal) emitInstance(i *containerInstance) {
	j.emit("ECS Container Instance State Change", i.ARN, instanceChange{
		ClusterARN: j.arn("cluster/" + i.Cluster), ContainerInstanceARN: i.ARN, EC2InstanceID: i.EC2ID,
		AgentConnected: i.Connected, Status: i.Status, Version: i.Version,
	})
}
