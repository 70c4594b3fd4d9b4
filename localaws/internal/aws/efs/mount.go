package efs

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
)

// mounter mounts file systems on instances.
type mounter struct{ *records }

// nfsPort is what file systems are mounted by.
const nfsPort = 2049

// Mount is where a file system's files are on this machine, for an instance with
// that network interface. It has to reach the mount target in its Availability
// Zone, whose address the file system's name has there; the error says why it
// doesn't, with the words of EFS's mount helper.
// https://docs.aws.amazon.com/efs/latest/ug/troubleshooting-efs-mounting.html
func (s *mounter) Mount(id, interfaceID string) (directory string, err error) {
	fs, err := s.fileSystem(id)
	if err != nil {
		return "", err
	}
	from, ok := s.network.Interface(interfaceID)
	if !ok {
		return "", fmt.Errorf("the network interface %s does not exist", interfaceID)
	}
	target, ok := s.targetFor(fs, from)
	if !ok {
		return "", fmt.Errorf("Failed to resolve \"%s.efs.%s.%s\" - check that your file system ID is correct, and ensure that the VPC has an EFS mount target for this file system ID. "+ //nolint:staticcheck // the helper's words
			"(%s is %s, and has no mount target that is available in %s of %s)",
			fs.ID, s.account.Region, s.account.DNSSuffix(), fs.ID, fs.State, from.AvailabilityZone, from.VPCID)
	}
	if err := s.network.Reach(ec2.Peer{InterfaceID: from.ID}, ec2.Peer{InterfaceID: target.InterfaceID}, "tcp", nfsPort); err != nil {
		return "", fmt.Errorf("Mount attempt 3/3 failed due to timeout after 15 sec. (%w)", err)
	}
	path := filepath.Join(s.directory, fs.ID)
	if err := os.MkdirAll(path, 0o755); err != nil { //nolint:gosec // containers of any user mount it
		return "", fmt.Errorf("making the directory of the file system %s: %w", id, err)
	}
	return path, nil
}

// targetFor is the mount target whose address the file system's name has where
// an interface is.
func (s *mounter) targetFor(fs *fileSystem, from ec2.Interface) (*mountTarget, bool) {
	if fs.State != stateAvailable {
		return nil, false
	}
	for _, m := range s.mountTargets.All() {
		if m.FileSystemID != fs.ID || m.State != stateAvailable {
			continue
		}
		if eni, ok := s.network.Interface(m.InterfaceID); ok && eni.VPCID == from.VPCID && eni.AvailabilityZone == from.AvailabilityZone {
			return m, true
		}
	}
	return nil, false
}
