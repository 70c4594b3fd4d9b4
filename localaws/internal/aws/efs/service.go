// Package efs is Amazon Elastic File System: file systems, each a directory of
// this machine, and their mount targets.
//
// API: https://docs.aws.amazon.com/efs/latest/ug/api-reference.html.
package efs

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/refusals"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire/rest"
)

// Network makes the mount targets' interfaces.
type Network interface {
	Subnet(id string) (ec2.Subnet, bool)
	CreateInterface(spec ec2.InterfaceSpec) (ec2.Interface, error)
	DeleteInterface(id string) error
	Interface(id string) (ec2.Interface, bool)
	SetInterfaceGroups(id string, groups []string) error
	Reach(from, to ec2.Peer, protocol string, port uint16) error
}

// Service is EFS. Its methods are called with the account's lock held.
type Service struct {
	*records
	*fileSystemOperations
	*mounter
	routes []rest.Route
}

// New returns an EFS without file systems. Their files are kept below
// directory.
func New(a *core.Account, network Network, directory string) *Service {
	r := newRecords(a, network, directory)
	fileSystems := &fileSystemOperations{r}
	return &Service{
		records: r, fileSystemOperations: fileSystems, mounter: &mounter{r},
		routes: table(fileSystems, &mountTargetOperations{r}),
	}
}

//go:embed refusals.md
var refusalsText string

// Refusals are what AWS refuses of requests.
var Refusals = refusals.MustParse(refusalsText)

// Wire is the service's entry in the server.
func (s *Service) Wire() wire.Service {
	return wire.Service{Name: "elasticfilesystem", Protocol: wire.REST, RESTJSON: true, REST: s.find}
}

// table lists the operations.
func table(f *fileSystemOperations, m *mountTargetOperations) []rest.Route {
	const (
		files  = "/2015-02-01/file-systems"
		mounts = "/2015-02-01/mount-targets"
		tags   = "/2015-02-01/resource-tags/{id}"
	)
	return []rest.Route{
		{Method: "POST", Path: files, Operation: "CreateFileSystem", Handle: f.createFileSystem},
		{Method: "GET", Path: files, Query: []string{"FileSystemId", "CreationToken"}, Operation: "DescribeFileSystems", Handle: f.describeFileSystems},
		{Method: "PUT", Path: files + "/{id}", Operation: "UpdateFileSystem", Handle: f.updateFileSystem},
		{Method: "DELETE", Path: files + "/{id}", Operation: "DeleteFileSystem", Handle: f.deleteFileSystem},
		{Method: "PUT", Path: files + "/{id}/lifecycle-configuration", Operation: "PutLifecycleConfiguration", Handle: f.putLifecycle},
		{Method: "GET", Path: files + "/{id}/lifecycle-configuration", Operation: "DescribeLifecycleConfiguration", Handle: f.describeLifecycle},
		{Method: "POST", Path: mounts, Operation: "CreateMountTarget", Handle: m.createMountTarget},
		{Method: "GET", Path: mounts, Query: []string{"FileSystemId", "MountTargetId"}, Operation: "DescribeMountTargets", Handle: m.describeMountTargets},
		{Method: "DELETE", Path: mounts + "/{id}", Operation: "DeleteMountTarget", Handle: m.deleteMountTarget},
		{Method: "GET", Path: mounts + "/{id}/security-groups", Operation: "DescribeMountTargetSecurityGroups", Handle: m.describeSecurityGroups},
		{Method: "PUT", Path: mounts + "/{id}/security-groups", Operation: "ModifyMountTargetSecurityGroups", Handle: m.modifySecurityGroups},
		{Method: "GET", Path: tags, Operation: "ListTagsForResource", Handle: f.listTags},
		{Method: "POST", Path: tags, Operation: "TagResource", Handle: f.tagResource},
		{Method: "DELETE", Path: tags, Query: []string{"tagKeys"}, Operation: "UntagResource", Handle: f.untagResource},
	}
}

func (s *Service) find(r *wire.Request) (*wire.RESTOperation, error) {
	route, call, ok := rest.Find(s.routes, r)
	if !ok {
		return nil, render(wire.UnknownREST(r))
	}
	if err := route.CheckQuery(call); err != nil {
		return nil, render(err)
	}
	return route.RESTOperation(func(ctx context.Context) (*wire.Response, error) {
		answer, err := route.Handle(ctx, call)
		if err != nil {
			return nil, render(err)
		}
		return respond(route.Operation, answer)
	}), nil
}

func respond(operation string, answer *rest.Answer) (*wire.Response, error) {
	response := &wire.Response{
		Status: answer.Status, Header: http.Header{"Content-Type": {"application/json"}},
	}
	if answer.Body != nil {
		var err error
		if response.Body, err = json.Marshal(answer.Body); err != nil {
			return nil, fmt.Errorf("encoding the answer of %s: %w", operation, err)
		}
	}
	return response, nil
}

// render puts a refusal into EFS's envelope.
func render(err error) error {
	refusal := new(wire.Error)
	if !errors.As(err, &refusal) {
		return err
	}
	body, err := json.Marshal(map[string]string{"ErrorCode": refusal.Code, "Message": refusal.Message})
	if err != nil {
		return refusal
	}
	return &wire.RESTError{Refusal: refusal, Body: body, Header: http.Header{
		"X-Amzn-Errortype": {refusal.Code}, "Content-Type": {"application/json"},
	}}
}

func decode(call *rest.Call, into any) error {
	if err := rest.DecodeJSON(call.Body, into); err != nil {
		return badRequest("The request's body can't be read: %v", err)
	}
	return nil
}

func badRequest(format string, args ...any) *wire.Error {
	return wire.Errorf("BadRequest", format, args...)
}

func conflict(code, format string, args ...any) *wire.Error {
	refusal := wire.Errorf(code, format, args...)
	refusal.Status = http.StatusConflict
	return refusal
}

// Resources is the number of resources by kind, for the status page.
func (s *Service) Resources() map[string]int {
	return map[string]int{"file systems": s.fileSystems.Len(), "mount targets": s.mountTargets.Len()}
}

// Run lets file systems and mount targets become available, and go, until ctx
// is done.
func (s *Service) Run(ctx context.Context) { s.account.Reconcile(ctx, s.step) }

// The states of file systems and mount targets.
const (
	stateCreating  = "creating"
	stateAvailable = "available"
	stateDeleting  = "deleting"
)

// How long a change of state takes.
const (
	fileSystemTime  = 5 * time.Second
	mountTargetTime = 60 * time.Second
)

// lifecycle is a state, and when the change from it is due.
type lifecycle struct {
	State string
	Due   time.Time
}

// due reports whether the change is due, and if not, when to look again: the zero
// time when no change is to come.
func (l lifecycle) due(now time.Time) (due bool, again time.Time) {
	switch {
	case l.State == stateAvailable:
		return false, time.Time{}
	case l.Due.After(now):
		return false, l.Due
	}
	return true, time.Time{}
}

// step moves what is due forward.
func (s *Service) step() (again time.Time) {
	now := s.account.Clock.Now()
	isDue := func(l lifecycle) bool {
		due, later := l.due(now)
		if again.IsZero() || !later.IsZero() && later.Before(again) {
			again = later
		}
		return due
	}
	for id, m := range s.mountTargets.All() {
		switch {
		case !isDue(m.lifecycle):
		case m.State == stateCreating:
			s.mountTargets.Put(id, m)
			m.State = stateAvailable
		default:
			s.drop(m)
			s.mountTargets.Delete(id)
		}
	}
	for id, fs := range s.fileSystems.All() {
		switch {
		case !isDue(fs.lifecycle):
		case fs.State == stateCreating:
			s.fileSystems.Put(id, fs)
			fs.State = stateAvailable
		default:
			s.fileSystems.Delete(id)
		}
	}
	return again
}

// drop gives a mount target's interface back.
func (s *Service) drop(m *mountTarget) {
	if err := s.network.DeleteInterface(m.InterfaceID); err != nil {
		s.account.Log.Error("deleting a mount target's interface", "mount target", m.ID, "error", err)
	}
}
