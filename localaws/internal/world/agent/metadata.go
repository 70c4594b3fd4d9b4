package agent

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
)

// Addresses that every instance has for itself: of EC2's instance metadata and
// of the agent's endpoint for tasks.
var (
	instanceMetadata = netip.MustParseAddrPort("169.254.169.254:80")
	taskMetadata     = netip.MustParseAddrPort("169.254.170.2:80")
)

// pipeListener accepts connections that were made inside this process.
type pipeListener struct {
	backlog chan net.Conn
	once    sync.Once
	closed  chan struct{}
}

func newPipeListener() *pipeListener {
	return &pipeListener{backlog: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipeListener) dial(ctx context.Context) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.backlog <- theirs:
		return ours, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept waits for a connection.
func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.backlog:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr is that of the instance metadata.
func (l *pipeListener) Addr() net.Addr { return net.TCPAddrFromAddrPort(instanceMetadata) }

// metadata serves both endpoints on one instance.
type metadata struct {
	host     *host
	instance *pipeListener
	tasks    *pipeListener
	token    string

	mu         sync.Mutex
	containers map[string]*taskContainer // by runtime id
}

func newMetadata(h *host) *metadata {
	return &metadata{
		host: h, instance: newPipeListener(), tasks: newPipeListener(), token: ids.Hex(56),
		containers: map[string]*taskContainer{},
	}
}

// run serves until ctx is done.
func (m *metadata) run(ctx context.Context) {
	var serving sync.WaitGroup
	for listener, handler := range map[*pipeListener]http.HandlerFunc{m.instance: m.serveInstance, m.tasks: m.serveTask} {
		srv := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
		serving.Go(func() { _ = srv.Serve(listener) }) // ends by Close
		context.AfterFunc(ctx, func() { _ = srv.Close() })
	}
	serving.Wait()
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

// credentials are what the endpoints give out; localaws takes any.
func credentials(a *core.Account, role string) map[string]string {
	return map[string]string{
		"AccessKeyId": "LOCALAWS", "SecretAccessKey": "localaws", "Token": "localaws", "RoleArn": role,
		"Expiration": a.Clock.Now().Add(6 * time.Hour).UTC().Format(time.RFC3339),
	}
}

// serveTask is the task metadata endpoint, version 4, and the credentials.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-response.html
func (m *metadata) serveTask(w http.ResponseWriter, r *http.Request) {
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
			answer(w, credentials(m.host.agents.account, c.task.assignment.TaskRoleARN))
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
		"DockerId": c.id, "Name": c.name(), "Image": aws.ToString(c.definition.Image), "KnownStatus": c.status,
		"DesiredStatus": statusRunning, "Type": "NORMAL", "Ports": ports,
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
		"Revision": t.assignment.Revision, "ServiceName": t.assignment.ServiceName, "DesiredStatus": statusRunning,
		"AvailabilityZone": t.host.instance.AvailabilityZone, "LaunchType": "EC2", "Containers": containers,
	}
}

// serveInstance is EC2's instance metadata, with sessions (IMDSv2) where the
// instance asks for them.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-v2-how-it-works.html
func (m *metadata) serveInstance(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/latest/api/token" {
		if r.Method != http.MethodPut || r.Header.Get("X-Aws-Ec2-Metadata-Token-Ttl-Seconds") == "" {
			http.Error(w, "400 - Bad Request", http.StatusBadRequest)
			return
		}
		_, _ = io.WriteString(w, m.token) // the client may have gone
		return
	}
	instance := m.host.instance
	token := r.Header.Get("X-Aws-Ec2-Metadata-Token")
	if token != m.token && (token != "" || instance.MetadataTokens != "optional") {
		http.Error(w, "401 - Unauthorized", http.StatusUnauthorized)
		return
	}
	text, ok := m.instanceValue(instance, strings.TrimPrefix(r.URL.Path, "/latest/"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	_, _ = io.WriteString(w, text) // the client may have gone
}

func (m *metadata) instanceValue(i ec2.Instance, path string) (string, bool) {
	a := m.host.agents.account
	values := map[string]string{
		"meta-data/instance-id": i.ID, "meta-data/instance-type": i.Type, "meta-data/ami-id": i.ImageID,
		"meta-data/local-ipv4": i.PrivateIP, "meta-data/placement/region": a.Region,
		"meta-data/placement/availability-zone": i.AvailabilityZone, "user-data": string(i.UserData),
		"meta-data/services/domain": a.DNSSuffix(), "meta-data/services/partition": a.Partition,
	}
	if i.PublicIP != "" {
		values["meta-data/public-ipv4"] = i.PublicIP
	}
	role := ""
	a.Do(func() { role, _ = m.host.role(i) })
	if role != "" {
		name := role[strings.LastIndexByte(role, '/')+1:]
		given := credentials(a, role)
		delete(given, "RoleArn")
		given["Code"], given["Type"] = "Success", "AWS-HMAC"
		encoded, err := json.Marshal(given)
		if err != nil {
			return "", false
		}
		values["meta-data/iam/security-credentials/"], values["meta-data/iam/security-credentials/"+name] = name, string(encoded)
	}
	text, ok := values[path]
	return text, ok
}

// errHops is what a container sees of metadata that is for the instance only.
var errHops = errors.New("i/o timeout: the instance metadata service answers containers only with a hop limit of 2 (http_put_response_hop_limit)")

// dialMetadata connects to an endpoint of the instance. fromContainer means that
// an answer has one hop more to go.
func (m *metadata) dialMetadata(ctx context.Context, at netip.AddrPort, fromContainer bool) (conn net.Conn, ours bool, err error) {
	switch at {
	case taskMetadata:
		conn, err = m.tasks.dial(ctx)
		return conn, true, err
	case instanceMetadata:
		if fromContainer && m.host.instance.MetadataHops < 2 {
			return nil, true, errHops
		}
		conn, err = m.instance.dial(ctx)
		return conn, true, err
	}
	return nil, false, nil
}
