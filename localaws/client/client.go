// Package client is how others talk to a running localaws about itself: where
// it is, what it holds, and where a host name leads. It is light enough to be
// imported by tests.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// The paths of the HTTP interface, on the port that also speaks AWS's
// protocols. They need no signature.
const (
	Prefix      = "/_localaws/" // of all of them
	StatusPath  = Prefix + "status"
	ResolvePath = Prefix + "resolve"
	HostsPath   = Prefix + "hosts"
	FaultsPath  = Prefix + "faults" // GET, PUT
	StopPath    = Prefix + "stop"   // POST
)

// EndpointFile is the file in localaws's directory that says where it is.
const EndpointFile = "endpoint.json"

// ErrNotRunning is returned by Open when no localaws answers for a directory.
var ErrNotRunning = errors.New("localaws is not running")

// Endpoint is the content of EndpointFile.
type Endpoint struct {
	PID             int       `json:"pid"`
	Endpoint        string    `json:"endpoint"` // such as http://127.0.0.1:4566
	Region          string    `json:"region"`
	AccountID       string    `json:"account_id"`
	AccessKeyID     string    `json:"access_key_id"`
	SecretAccessKey string    `json:"secret_access_key"`
	CAFile          string    `json:"ca_file"`     // certificates in PEM that clients should trust
	DNSAddress      string    `json:"dns_address"` // ip:port, UDP and TCP
	ZoneName        string    `json:"zone_name"`   // the registered domain that the account comes with
	Runtime         string    `json:"runtime"`     // of the containers: embedded or docker
	Speed           float64   `json:"speed"`
	StartedAt       time.Time `json:"started_at"`
}

// Status is what a localaws says of itself.
type Status struct {
	// Services counts resources by service and kind, without what every
	// account has from the start.
	Services map[string]map[string]int `json:"services"`
	// Unknown counts the operations that were asked for and don't exist
	// here, by "service:operation".
	Unknown map[string]int `json:"unknown,omitempty"`
	// Targets are all registered targets with their health.
	Targets []Target `json:"targets,omitempty"`
	// Instances are the EC2 instances with what their boot and agent logged.
	Instances []Instance `json:"instances,omitempty"`
	// Troubles are the ECS services whose tasks fail.
	Troubles []Trouble `json:"troubles,omitempty"`
	// MemoryMiB is the memory that the process has from the system.
	MemoryMiB int `json:"memory_mib"`
	// CPUSeconds is the processor time that it has used since it started, on
	// all cores.
	CPUSeconds float64 `json:"cpu_seconds"`
}

// Target is one target of a target group.
type Target struct {
	TargetGroup string `json:"target_group"`
	Target      string `json:"target"` // instance:port
	State       string `json:"state"`
	Reason      string `json:"reason,omitempty"`
}

// Instance is one EC2 instance and the last of its log.
type Instance struct {
	ID      string   `json:"id"`
	State   string   `json:"state"`
	BootLog []string `json:"boot_log,omitempty"`
}

// Trouble is an ECS service whose tasks fail, or failed until the service was
// rolled back.
type Trouble struct {
	Service     string `json:"service"` // cluster/service
	FailedTasks int    `json:"failed_tasks"`
	RolledBack  bool   `json:"rolled_back,omitempty"`
	Reason      string `json:"reason"` // why the last one stopped
}

// String says it in one line.
func (t Trouble) String() string {
	said := fmt.Sprintf("%s: %d tasks failed, the last one with: %s", t.Service, t.FailedTasks, t.Reason)
	if t.RolledBack {
		said = "rolled back, since " + said
	}
	return said
}

// Host is a name at which a load balancer listens.
type Host struct {
	Name    string `json:"name"`
	Port    int    `json:"port"`
	Address string `json:"address"` // ip:port to dial
}

// Route is where a host:port leads.
type Route struct {
	Address string `json:"address"` // ip:port to dial
	// Because says why another port stands in for the true one. Empty: it is
	// the true one.
	Because string `json:"because,omitempty"`
}

// Fault refuses calls on purpose, as AWS does when it throttles or when what
// was just made is not known everywhere yet.
type Fault struct {
	// Services are the signing names of the services whose calls it counts,
	// such as "elasticloadbalancing"; none means all.
	Services []string `json:"services,omitempty"`
	// Operation is the operation that it counts, "" for all.
	Operation string `json:"operation,omitempty"`
	// Times is how many calls it refuses; 0 means no limit.
	Times int `json:"times,omitempty"`
	// Every says which of the calls it refuses: every third for 3, all for 0
	// and 1.
	Every int `json:"every,omitempty"`
	// Code, Message and Status are those of the refusal; Status is 400 when 0.
	Code    string `json:"code"`
	Message string `json:"message,omitempty"`
	Status  int    `json:"status,omitempty"`
	// Calls and Refused count what has happened since the fault was set.
	Calls   int `json:"calls,omitempty"`
	Refused int `json:"refused,omitempty"`
}

// Resources is how many resources there are in all.
func (s Status) Resources() int {
	total := 0
	for _, kinds := range s.Services {
		for _, count := range kinds {
			total += count
		}
	}
	return total
}

// Client talks to one running localaws.
type Client struct {
	Endpoint
	http *http.Client
}

// Open finds the localaws of a directory and makes sure that it answers.
// Otherwise the error wraps ErrNotRunning.
func Open(ctx context.Context, dir string) (*Client, error) {
	raw, err := os.ReadFile(filepath.Join(dir, EndpointFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w in %s", ErrNotRunning, dir)
	}
	if err != nil {
		return nil, fmt.Errorf("reading where localaws is: %w", err)
	}
	var endpoint Endpoint
	if err := json.Unmarshal(raw, &endpoint); err != nil {
		return nil, fmt.Errorf("reading %s: %w", filepath.Join(dir, EndpointFile), err)
	}
	client := At(endpoint)
	if _, err := client.Status(ctx); err != nil {
		return nil, fmt.Errorf("%w in %s any more (%w)", ErrNotRunning, dir, err)
	}
	return client, nil
}

// At returns a client for the localaws of an endpoint.
func At(endpoint Endpoint) *Client {
	return &Client{
		Endpoint: endpoint,
		http:     &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{}},
	}
}

// Status asks what there is.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var status Status
	return status, c.get(ctx, StatusPath, nil, &status)
}

// Resolve returns where host:port has to be dialled, by tcp or udp: one of Go's
// names of networks. An unknown host is an error that names it.
func (c *Client) Resolve(ctx context.Context, network, host string, port int) (Route, error) {
	var route Route
	query := url.Values{"network": {network}, "host": {host}, "port": {strconv.Itoa(port)}}
	if err := c.get(ctx, ResolvePath, query, &route); err != nil {
		return Route{}, fmt.Errorf("resolving %s: %w", host, err)
	}
	return route, nil
}

// Hosts lists every host name and port at which a load balancer listens.
func (c *Client) Hosts(ctx context.Context) ([]Host, error) {
	var hosts []Host
	return hosts, c.get(ctx, HostsPath, nil, &hosts)
}

// SetFaults replaces the faults of the running localaws; none removes them.
func (c *Client) SetFaults(ctx context.Context, faults ...Fault) error {
	body, err := json.Marshal(append([]Fault{}, faults...))
	if err != nil {
		return fmt.Errorf("encoding the faults: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, c.Endpoint.Endpoint+FaultsPath, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("setting the faults: %w", err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("setting the faults: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusNoContent {
		said, _ := io.ReadAll(response.Body) // what there is of it
		return fmt.Errorf("setting the faults: %s: %s", response.Status, bytes.TrimSpace(said))
	}
	return nil
}

// Faults returns the faults with their counts.
func (c *Client) Faults(ctx context.Context) ([]Fault, error) {
	var faults []Fault
	return faults, c.get(ctx, FaultsPath, nil, &faults)
}

// Stop ends the running localaws and returns once it no longer answers. Its
// state stays.
func (c *Client) Stop(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Endpoint.Endpoint+StopPath, nil)
	if err != nil {
		return fmt.Errorf("stopping localaws: %w", err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("stopping localaws: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusAccepted {
		return fmt.Errorf("stopping localaws: it answered %s", response.Status)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		if syscall.Kill(c.PID, 0) != nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("localaws (pid %d) did not end: %w", c.PID, ctx.Err())
		case <-ticker.C:
		}
	}
}

func (c *Client) get(ctx context.Context, path string, query url.Values, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Endpoint.Endpoint+path+"?"+query.Encode(), nil)
	if err != nil {
		return fmt.Errorf("asking localaws: %w", err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("asking localaws: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("reading localaws's answer: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("localaws answered %s: %s", response.Status, body)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("reading localaws's answer: %w", err)
	}
	return nil
}
