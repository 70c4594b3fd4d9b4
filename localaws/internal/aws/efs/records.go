package efs

import (
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// records are the file systems and mount targets that EFS keeps, and the
// network that mount targets stand in.
type records struct {
	account      *core.Account
	network      Network
	directory    string                          // files are kept below it
	fileSystems  *store.Collection[*fileSystem]  // by id
	mountTargets *store.Collection[*mountTarget] // by id
}

func newRecords(a *core.Account, network Network, directory string) *records {
	return &records{
		account: a, network: network, directory: directory,
		fileSystems:  store.NewCollection[*fileSystem](a.Records, "efs", "file-systems"),
		mountTargets: store.NewCollection[*mountTarget](a.Records, "efs", "mount-targets"),
	}
}

func (s *records) arn(id string) string {
	return s.account.ARN("elasticfilesystem", "file-system/"+id)
}

func (s *records) fileSystem(id string) (*fileSystem, error) {
	if at := strings.LastIndex(id, "/"); at >= 0 { // an ARN
		id = id[at+1:]
	}
	fs, ok := s.fileSystems.Get(id)
	if !ok {
		return nil, wire.NotFoundf("FileSystemNotFound", "File system '%s' does not exist.", id)
	}
	return fs, nil
}

// changeFileSystem finds a file system that is about to be changed.
func (s *records) changeFileSystem(id string) (*fileSystem, error) {
	fs, err := s.fileSystem(id)
	if err == nil {
		s.fileSystems.Change(fs.ID)
	}
	return fs, err
}

func (s *records) mountTarget(id string) (*mountTarget, error) {
	m, ok := s.mountTargets.Get(id)
	if !ok {
		return nil, wire.NotFoundf("MountTargetNotFound", "Mount target '%s' does not exist.", id)
	}
	return m, nil
}
