package efs

import (
	"cmp"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire/rest"
)

// fileSystemOperations are those on file systems.
type fileSystemOperations struct{ *records }

type fileSystem struct {
	lifecycle
	ID              string
	CreationToken   string
	Created         time.Time
	PerformanceMode string
	ThroughputMode  string
	Provisioned     *float64 // MiB/s
	Encrypted       bool
	KMSKeyID        string
	Zone            string // of a One Zone file system
	Policies        []lifecyclePolicy
	Tags            core.Tags
}

type lifecyclePolicy struct {
	TransitionToIA                  string `json:",omitempty"`
	TransitionToPrimaryStorageClass string `json:",omitempty"`
	TransitionToArchive             string `json:",omitempty"`
}

type fileSystemJSON struct {
	OwnerID             string `json:"OwnerId"`
	CreationToken       string
	FileSystemID        string `json:"FileSystemId"`
	FileSystemArn       string
	CreationTime        float64
	LifeCycleState      string
	Name                string `json:",omitempty"`
	MountTargets        int    `json:"NumberOfMountTargets"`
	SizeInBytes         sizeJSON
	PerformanceMode     string
	Encrypted           bool
	KMSKeyID            string `json:"KmsKeyId,omitempty"`
	ThroughputMode      string
	Provisioned         *float64 `json:"ProvisionedThroughputInMibps,omitempty"`
	Zone                string   `json:"AvailabilityZoneName,omitempty"`
	Tags                []core.Tag
	FileSystemProtected protectionJSON `json:"FileSystemProtection"`
}

type sizeJSON struct{ Value, ValueInIA, ValueInStandard, ValueInArchive int64 }

type protectionJSON struct{ ReplicationOverwriteProtection string }

func (s *fileSystemOperations) view(fs *fileSystem) fileSystemJSON {
	out := fileSystemJSON{
		OwnerID: s.account.ID, CreationToken: fs.CreationToken, FileSystemID: fs.ID, FileSystemArn: s.arn(fs.ID),
		CreationTime: float64(fs.Created.UnixMilli()) / 1000, LifeCycleState: fs.State, Name: fs.Tags["Name"],
		SizeInBytes: sizeJSON{Value: 6144, ValueInStandard: 6144}, // as an empty file system has
		Encrypted:   fs.Encrypted, KMSKeyID: fs.KMSKeyID, PerformanceMode: fs.PerformanceMode, ThroughputMode: fs.ThroughputMode,
		Provisioned: fs.Provisioned, Zone: fs.Zone, Tags: fs.Tags.List(), FileSystemProtected: protectionJSON{"ENABLED"},
	}
	for _, m := range s.mountTargets.All() {
		if m.FileSystemID == fs.ID {
			out.MountTargets++
		}
	}
	return out
}

type createFileSystemRequest struct {
	CreationToken   string
	PerformanceMode string
	ThroughputMode  string
	Provisioned     *float64 `json:"ProvisionedThroughputInMibps"`
	Encrypted       bool
	KMSKeyID        string `json:"KmsKeyId"`
	Zone            string `json:"AvailabilityZoneName"`
	Backup          bool
	Tags            []core.Tag
}

func (s *fileSystemOperations) createFileSystem(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	var in createFileSystemRequest
	if err := decode(call, &in); err != nil {
		return nil, err
	}
	for _, fs := range s.fileSystems.All() {
		if fs.CreationToken == in.CreationToken {
			return nil, conflict("FileSystemAlreadyExists", "File system '%s' already exists with creation token '%s'", fs.ID, in.CreationToken)
		}
	}
	if in.Backup {
		return nil, badRequest("localaws has no AWS Backup: Backup can't be true")
	}
	fs := &fileSystem{
		lifecycle: lifecycle{State: stateCreating, Due: s.account.Clock.In(fileSystemTime)},
		ID:        ids.New("fs"), CreationToken: in.CreationToken, Created: s.account.Clock.Now(), Encrypted: in.Encrypted,
		PerformanceMode: cmp.Or(in.PerformanceMode, "generalPurpose"), ThroughputMode: cmp.Or(in.ThroughputMode, "bursting"),
		Provisioned: in.Provisioned, Zone: in.Zone, Policies: []lifecyclePolicy{}, Tags: core.NewTags(in.Tags),
	}
	if !slices.Contains([]string{"generalPurpose", "maxIO"}, fs.PerformanceMode) {
		return nil, badRequest("PerformanceMode is %q; it must be generalPurpose or maxIO", fs.PerformanceMode)
	}
	if err := fs.checkThroughput(); err != nil {
		return nil, err
	}
	if in.KMSKeyID != "" && !in.Encrypted {
		return nil, badRequest("A KmsKeyId can be given for an encrypted file system only")
	}
	if fs.Encrypted {
		fs.KMSKeyID = cmp.Or(in.KMSKeyID, s.account.ARN("kms", "key/00000000-0000-4000-a000-000000000000")) // that of aws/elasticfilesystem
	}
	s.fileSystems.Put(fs.ID, fs)
	return &rest.Answer{Status: http.StatusCreated, Body: s.view(fs)}, nil
}

func (fs *fileSystem) checkThroughput() error {
	if !slices.Contains([]string{"bursting", "provisioned", "elastic"}, fs.ThroughputMode) {
		return badRequest("ThroughputMode is %q; it must be bursting, provisioned or elastic", fs.ThroughputMode)
	}
	if (fs.ThroughputMode == "provisioned") != (fs.Provisioned != nil) {
		return badRequest("ProvisionedThroughputInMibps must be given with the throughput mode provisioned, and with no other")
	}
	return nil
}

func (s *fileSystemOperations) describeFileSystems(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	out := struct{ FileSystems []fileSystemJSON }{[]fileSystemJSON{}}
	if id := call.Query.Get("FileSystemId"); id != "" {
		fs, err := s.fileSystem(id)
		if err != nil {
			return nil, err
		}
		out.FileSystems = append(out.FileSystems, s.view(fs))
		return &rest.Answer{Body: out}, nil
	}
	for _, fs := range s.fileSystems.All() {
		if token := call.Query.Get("CreationToken"); token == "" || token == fs.CreationToken {
			out.FileSystems = append(out.FileSystems, s.view(fs))
		}
	}
	return &rest.Answer{Body: out}, nil
}

func (s *fileSystemOperations) updateFileSystem(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	var in struct {
		ThroughputMode string
		Provisioned    *float64 `json:"ProvisionedThroughputInMibps"`
	}
	if err := decode(call, &in); err != nil {
		return nil, err
	}
	fs, err := s.changeFileSystem(call.Param["id"])
	if err != nil {
		return nil, err
	}
	fs.ThroughputMode, fs.Provisioned = cmp.Or(in.ThroughputMode, fs.ThroughputMode), in.Provisioned
	if err := fs.checkThroughput(); err != nil {
		return nil, err
	}
	return &rest.Answer{Status: http.StatusAccepted, Body: s.view(fs)}, nil
}

// deleteFileSystem deletes the files too.
func (s *fileSystemOperations) deleteFileSystem(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	fs, err := s.changeFileSystem(call.Param["id"])
	if err != nil {
		return nil, err
	}
	for _, m := range s.mountTargets.All() {
		if m.FileSystemID == fs.ID {
			return nil, conflict("FileSystemInUse", "File system '%s' has mount targets: %s", fs.ID, m.ID)
		}
	}
	if err := os.RemoveAll(filepath.Join(s.directory, fs.ID)); err != nil {
		return nil, err
	}
	fs.lifecycle = lifecycle{State: stateDeleting, Due: s.account.Clock.In(fileSystemTime)}
	return &rest.Answer{Status: http.StatusNoContent}, nil
}

type lifecycleJSON struct{ LifecyclePolicies []lifecyclePolicy }

func (s *fileSystemOperations) putLifecycle(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	var in lifecycleJSON
	if err := decode(call, &in); err != nil {
		return nil, err
	}
	fs, err := s.changeFileSystem(call.Param["id"])
	if err != nil {
		return nil, err
	}
	if in.LifecyclePolicies == nil {
		in.LifecyclePolicies = []lifecyclePolicy{}
	}
	fs.Policies = in.LifecyclePolicies
	return &rest.Answer{Body: in}, nil
}

func (s *fileSystemOperations) describeLifecycle(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	fs, err := s.fileSystem(call.Param["id"])
	if err != nil {
		return nil, err
	}
	return &rest.Answer{Body: lifecycleJSON{fs.Policies}}, nil
}

type tagsJSON struct{ Tags []core.Tag }

func (s *fileSystemOperations) listTags(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	fs, err := s.fileSystem(call.Param["id"])
	if err != nil {
		return nil, err
	}
	return &rest.Answer{Body: tagsJSON{fs.Tags.List()}}, nil
}

func (s *fileSystemOperations) tagResource(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	var in tagsJSON
	if err := decode(call, &in); err != nil {
		return nil, err
	}
	fs, err := s.changeFileSystem(call.Param["id"])
	if err != nil {
		return nil, err
	}
	fs.Tags.Put(in.Tags)
	return &rest.Answer{}, nil
}

func (s *fileSystemOperations) untagResource(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	fs, err := s.changeFileSystem(call.Param["id"])
	if err != nil {
		return nil, err
	}
	fs.Tags.Remove(call.Query["tagKeys"])
	return &rest.Answer{}, nil
}

// TaggedResources lists what can have tags, for the Tagging API.
func (s *fileSystemOperations) TaggedResources() []core.TaggedResource {
	var all []core.TaggedResource
	for _, fs := range s.fileSystems.All() {
		all = append(all, core.TaggedResource{ARN: s.arn(fs.ID), Tags: fs.Tags})
	}
	return all
}
