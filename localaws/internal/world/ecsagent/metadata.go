package ecsagent

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/machines"
)

// taskMetadata is where the agent answers the containers of its machine.
var taskMetadata = netip.MustParseAddrPort("169.254.170.2:80")

// metadata is what containers may ask about themselves.
type metadata struct {
	mu         sync.Mutex
	containers map[string]*taskContainer // by runtime id
}

func (m *metadata) add(c *taskContainer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.containers[c.id] = c
}

func (m *metadata) remove(c *taskContainer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.containers, c.id)
}

// serve is the task metadata endpoint, version 4, and the credentials.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-response.html
func (m *metadata) serve(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(parts) == 3 && parts[1] == "credentials" {
		m.serveCredentials(w, parts[2])
		return
	}
	if len(parts) < 2 || parts[0] != "v4" && parts[0] != "v3" {
		http.NotFound(w, r)
		return
	}
	m.mu.Lock()
	c := m.containers[parts[1]]
	m.mu.Unlock()
	switch {
	case c == nil:
		http.Error(w, "V4 container metadata handler: unable to get container ID from request", http.StatusNotFound)
	case len(parts) == 2:
		answer(w, c.metadata())
	case parts[2] == "task":
		answer(w, c.task.metadata())
	default:
		http.NotFound(w, r)
	}
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value) // the client may have gone
}

func (m *metadata) serveCredentials(w http.ResponseWriter, taskID string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.containers {
		if c.task.assignment.TaskID == taskID && c.task.assignment.TaskRoleARN != "" {
			credentials := machines.Credentials(c.task.agent.account.Clock.Now())
			credentials["RoleArn"] = c.task.assignment.TaskRoleARN
			answer(w, credentials)
			return
		}
	}
	http.Error(w, "credentials not found", http.StatusNotFound)
}

func (c *taskContainer) metadata() map[string]any {
	c.task.mu.Lock()
	defer c.task.mu.Unlock()
	ports := []map[string]any{}
	for _, b := range c.bindings {
		ports = append(ports, map[string]any{
			"ContainerPort": aws.ToInt32(b.ContainerPort), "HostPort": aws.ToInt32(b.HostPort),
			"Protocol": string(b.Protocol), "HostIp": "0.0.0.0",
		})
	}
	return map[string]any{
		"DockerId": c.id, "Name": c.name(), "Image": aws.ToString(c.definition.Image), "KnownStatus": c.status.String(),
		"DesiredStatus": running.String(), "Type": "NORMAL", "Ports": ports,
		"Labels": map[string]string{
			"com.amazonaws.ecs.cluster": c.task.assignment.ClusterName, "com.amazonaws.ecs.container-name": c.name(),
			"com.amazonaws.ecs.task-arn": c.task.assignment.TaskARN, "com.amazonaws.ecs.task-definition-family": c.task.assignment.Family,
		},
	}
}

func (t *task) metadata() map[string]any {
	containers := []any{}
	for _, c := range t.containers {
		containers = append(containers, c.metadata())
	}
	return map[string]any{
		"Cluster": t.assignment.ClusterName, "TaskARN": t.assignment.TaskARN, "Family": t.assignment.Family,
		"Revision": t.assignment.Revision, "ServiceName": t.assignment.ServiceName, "DesiredStatus": running.String(),
		"AvailabilityZone": t.agent.machine.Instance.AvailabilityZone, "LaunchType": "EC2", "Containers": containers,
	}
}
