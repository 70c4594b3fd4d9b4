// Package docker is the container runtime that runs real images, by the API of a
// Docker daemon.
package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers"
)

// Labels of every container that is made here.
const (
	labelID  = "localaws.container" // containers.Spec.ID
	labelPID = "localaws.pid"       // of the localaws that made it
)

// connectTimeout bounds finding out whether a daemon answers, and cleaning up
// after a localaws that was killed.
const connectTimeout = 30 * time.Second

// Runtime implements containers.Runtime.
type Runtime struct{ client *client }

// New connects to the daemon that DOCKER_HOST names, and removes the containers
// of a localaws that is not alive any more: their host ports are wanted again.
// The context bounds the connecting.
func New(ctx context.Context) (*Runtime, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	c, err := newClient(hostFromEnvironment())
	if err != nil {
		return nil, err
	}
	r := &Runtime{c}
	if err := c.negotiate(ctx); err != nil {
		return nil, fmt.Errorf("no Docker daemon answers at %s (set DOCKER_HOST, or use the embedded runtime): %w", c.host, err)
	}
	if err := r.removeLeftovers(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// Name is "docker".
func (r *Runtime) Name() string { return "docker" }

func (r *Runtime) removeLeftovers(ctx context.Context) error {
	var list []struct {
		ID     string `json:"Id"`
		Labels map[string]string
	}
	filters := url.Values{"all": {"true"}, "filters": {`{"label":["` + labelID + `"]}`}}
	if err := r.client.call(ctx, http.MethodGet, "/containers/json", filters, nil, &list); err != nil {
		return fmt.Errorf("looking for containers that were left over: %w", err)
	}
	for _, c := range list {
		if pid, err := strconv.Atoi(c.Labels[labelPID]); err == nil && alive(pid) {
			continue
		}
		if err := r.remove(ctx, c.ID); err != nil {
			return fmt.Errorf("removing a container that was left over: %w", err)
		}
	}
	return nil
}

func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

func (r *Runtime) remove(ctx context.Context, id string) error {
	err := r.client.call(ctx, http.MethodDelete, "/containers/"+id, url.Values{"force": {"true"}, "v": {"true"}}, nil, nil)
	if isNotFound(err) {
		return nil
	}
	return err
}

// Pull fetches an image if the daemon does not have it.
func (r *Runtime) Pull(ctx context.Context, image string) error {
	err := r.client.call(ctx, http.MethodGet, "/images/"+image+"/json", nil, nil, nil)
	if err == nil {
		return nil
	}
	if !isNotFound(err) {
		return cannotPull(err)
	}
	name, tag := image, "latest"
	if at := strings.LastIndexByte(image, ':'); at > strings.LastIndexByte(image, '/') {
		name, tag = image[:at], image[at+1:]
	}
	query := url.Values{"fromImage": {name}, "tag": {tag}}
	if strings.Contains(image, "@") {
		query = url.Values{"fromImage": {image}}
	}
	response, err := r.client.request(ctx, http.MethodPost, "/images/create", query, nil)
	if err != nil {
		return cannotPull(err)
	}
	defer func() { _ = response.Body.Close() }()
	return cannotPull(pullProgress(response.Body))
}

// pullProgress reads the stream of a pull to its end; a failure is in it.
func pullProgress(r io.Reader) error {
	decoder := json.NewDecoder(r)
	for {
		var step struct{ Error string }
		err := decoder.Decode(&step)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("reading the progress of a pull: %w", err)
		case step.Error != "":
			return &apiError{message: step.Error}
		}
	}
}

// pullError is the daemon's error, and containers.ErrCannotPull.
type pullError struct{ error }

func (e pullError) Unwrap() []error { return []error{e.error, containers.ErrCannotPull} }

func cannotPull(err error) error {
	if err == nil {
		return nil
	}
	return pullError{err}
}

type createRequest struct {
	Image        string
	Entrypoint   []string `json:",omitempty"`
	Cmd          []string `json:",omitempty"`
	Env          []string
	WorkingDir   string `json:",omitempty"`
	Labels       map[string]string
	ExposedPorts map[string]struct{}
	HostConfig   hostConfig
}

type hostConfig struct {
	Binds        []string
	PortBindings map[string][]portBinding
	Memory       int64             `json:",omitempty"`
	LogConfig    map[string]string // so that the logs can be read
}

type portBinding struct {
	HostIP   string `json:"HostIp"`
	HostPort string
}

// Start creates and starts a container.
func (r *Runtime) Start(ctx context.Context, spec containers.Spec) (containers.Container, error) {
	var created struct {
		ID string `json:"Id"`
	}
	query := url.Values{"name": {"localaws-" + spec.ID[:min(len(spec.ID), 40)]}}
	err := r.client.call(ctx, http.MethodPost, "/containers/create", query, newCreateRequest(spec), &created)
	if err != nil {
		return nil, err
	}
	c := &Container{runtime: r, id: created.ID, done: make(chan struct{})}
	if err := c.start(ctx, spec); err != nil {
		return nil, errors.Join(portInUse(err), r.remove(context.WithoutCancel(ctx), created.ID))
	}
	return c, nil
}

func newCreateRequest(spec containers.Spec) createRequest {
	request := createRequest{
		Image: spec.Image, Entrypoint: spec.EntryPoint, Cmd: spec.Command, Env: []string{}, WorkingDir: spec.WorkingDir,
		Labels:       map[string]string{labelID: spec.ID, labelPID: strconv.Itoa(os.Getpid())},
		ExposedPorts: map[string]struct{}{},
		HostConfig: hostConfig{
			PortBindings: map[string][]portBinding{}, Memory: int64(spec.MemoryMiB) << 20,
			LogConfig: map[string]string{"Type": "json-file"},
		},
	}
	for name, value := range spec.Env {
		request.Env = append(request.Env, name+"="+value)
	}
	for _, m := range spec.Mounts {
		bind := m.Source + ":" + m.Target
		if m.ReadOnly {
			bind += ":ro"
		}
		request.HostConfig.Binds = append(request.HostConfig.Binds, bind)
	}
	for _, p := range spec.Ports {
		name := fmt.Sprintf("%d/%s", p.Container, p.Protocol)
		request.ExposedPorts[name] = struct{}{}
		request.HostConfig.PortBindings[name] = append(request.HostConfig.PortBindings[name], portBinding{
			HostIP: p.Host.Addr().String(), HostPort: strconv.Itoa(int(p.Host.Port())),
		})
	}
	return request
}

// portInUse makes the daemon's words for a taken port an EADDRINUSE.
func portInUse(err error) error {
	text := err.Error()
	if strings.Contains(text, "address already in use") || strings.Contains(text, "port is already allocated") {
		return fmt.Errorf("%w (%w)", err, syscall.EADDRINUSE)
	}
	return err
}
