package ecs

import (
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
)

// maxEvents is how many events a service keeps.
const maxEvents = 100

// event adds a message to the service's events,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html.
func (s *Service) event(svc *service, format string, args ...any) {
	now := s.acct.Clock.Now()
	svc.Events = slices.Insert(svc.Events, 0, types.ServiceEvent{
		Id: aws.String(ids.UUID()), CreatedAt: &now, Message: aws.String(fmt.Sprintf(format, args...)),
	})
	svc.Events = svc.Events[:min(len(svc.Events), maxEvents)]
	s.changed()
}

// noticePeriod is how long an event that could be said again and again waits.
const noticePeriod = 5 * time.Minute

// notice is an event that is not repeated within noticePeriod.
func (s *Service) notice(svc *service, key, format string, args ...any) {
	if s.acct.Clock.Now().Before(svc.Notices[key]) {
		return
	}
	if svc.Notices == nil {
		svc.Notices = map[string]time.Time{}
	}
	now := s.acct.Clock.Now()
	for old, until := range svc.Notices {
		if until.Before(now) {
			delete(svc.Notices, old)
		}
	}
	svc.Notices[key] = s.acct.Clock.In(noticePeriod)
	s.event(svc, format, args...)
}

// Events for EventBridge,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_events.html.

// stateChange is the detail of service and deployment events.
type stateChange struct {
	EventType            string   `json:"eventType"`
	EventName            string   `json:"eventName"`
	ClusterARN           string   `json:"clusterArn,omitempty"`
	CapacityProviderARNs []string `json:"capacityProviderArns,omitempty"`
	DeploymentID         string   `json:"deploymentId,omitempty"`
	CreatedAt            string   `json:"createdAt,omitempty"`
	UpdatedAt            string   `json:"updatedAt,omitempty"`
	Reason               string   `json:"reason,omitempty"`
}

func (s *Service) emit(detailType string, resource string, detail any) {
	if s.events != nil {
		s.events.Emit("aws.ecs", detailType, []string{resource}, detail)
	}
}

func (s *Service) emitDeployment(svc *service, d *deployment, name, reason string) {
	kind := "INFO"
	if name == "SERVICE_DEPLOYMENT_FAILED" {
		kind = "ERROR"
	}
	s.emit("ECS Deployment State Change", svc.ARN, stateChange{
		EventType: kind, EventName: name, DeploymentID: d.ID, UpdatedAt: moment(s.acct.Clock.Now()), Reason: reason,
	})
}

func (s *Service) emitAction(svc *service, kind, name string, providers []string) {
	s.emit("ECS Service Action", svc.ARN, stateChange{
		EventType: kind, EventName: name, ClusterARN: s.acct.ARN("ecs", "cluster/"+svc.Cluster),
		CapacityProviderARNs: providers, CreatedAt: moment(s.acct.Clock.Now()),
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

func (s *Service) emitTask(t *task) {
	if s.events == nil {
		return
	}
	detail := taskChange{
		ClusterARN: s.acct.ARN("ecs", "cluster/"+t.Cluster), TaskARN: t.ARN,
		TaskDefinitionARN: s.acct.ARN("ecs", "task-definition/"+t.Definition), ContainerInstanceARN: t.Instance,
		Containers: []containerChange{}, Group: t.Group, StartedBy: t.StartedBy,
		LastStatus: t.LastStatus, DesiredStatus: t.DesiredStatus, StopCode: string(t.StopCode), StoppedReason: t.StoppedReason,
		CreatedAt: moment(t.CreatedAt), UpdatedAt: moment(s.acct.Clock.Now()), Version: t.Version,
	}
	for _, c := range t.Containers {
		detail.Containers = append(detail.Containers, containerChange{c.Name, c.Status, c.ExitCode, c.Reason})
	}
	s.emit("ECS Task State Change", t.ARN, detail)
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

func (s *Service) emitInstance(i *containerInstance) {
	s.emit("ECS Container Instance State Change", i.ARN, instanceChange{
		ClusterARN: s.acct.ARN("ecs", "cluster/"+i.Cluster), ContainerInstanceARN: i.ARN, EC2InstanceID: i.EC2ID,
		AgentConnected: i.Connected, Status: i.Status, Version: i.Version,
	})
}
