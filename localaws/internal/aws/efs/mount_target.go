package efs

import (
	"context"
	"net/http"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire/rest"
)

// mountTargetOperations are those on mount targets.
type mountTargetOperations struct{ *records }

// mountTarget is an interface in a subnet, through which the instances of its
// Availability Zone mount the file system.
type mountTarget struct {
	lifecycle
	ID           string
	FileSystemID string
	SubnetID     string
	InterfaceID  string
}

type mountTargetJSON struct {
	OwnerID            string `json:"OwnerId"`
	MountTargetID      string `json:"MountTargetId"`
	FileSystemID       string `json:"FileSystemId"`
	SubnetID           string `json:"SubnetId"`
	LifeCycleState     string
	IPAddress          string `json:"IpAddress"`
	NetworkInterfaceID string `json:"NetworkInterfaceId"`
	Zone               string `json:"AvailabilityZoneName"`
	VPCID              string `json:"VpcId"`
}

func (s *mountTargetOperations) mountView(m *mountTarget) mountTargetJSON {
	eni, _ := s.network.Interface(m.InterfaceID)
	return mountTargetJSON{
		OwnerID: s.account.ID, MountTargetID: m.ID, FileSystemID: m.FileSystemID, SubnetID: m.SubnetID, LifeCycleState: m.State,
		IPAddress: eni.PrivateIP, NetworkInterfaceID: eni.ID, Zone: eni.AvailabilityZone, VPCID: eni.VPCID,
	}
}

type createMountTargetRequest struct {
	FileSystemID   string `json:"FileSystemId"`
	SubnetID       string `json:"SubnetId"`
	IPAddressType  string `json:"IpAddressType"`
	SecurityGroups []string
}

// createMountTarget: at most one in each Availability Zone, and all in one VPC.
func (s *mountTargetOperations) createMountTarget(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	var in createMountTargetRequest
	if err := decode(call, &in); err != nil {
		return nil, err
	}
	fs, err := s.fileSystem(in.FileSystemID)
	if err != nil {
		return nil, err
	}
	if fs.State != stateAvailable {
		return nil, conflict("IncorrectFileSystemLifeCycleState", "File system '%s' is %s, not available.", fs.ID, fs.State)
	}
	if in.IPAddressType != "" && in.IPAddressType != "IPV4_ONLY" {
		return nil, badRequest("localaws has IPv4 only: IpAddressType is %s", in.IPAddressType)
	}
	subnet, ok := s.network.Subnet(in.SubnetID)
	if !ok {
		return nil, wire.Errorf("SubnetNotFound", "The subnet ID '%s' does not exist", in.SubnetID)
	}
	if err := s.checkZone(fs, subnet); err != nil {
		return nil, err
	}
	m := &mountTarget{
		lifecycle: lifecycle{State: stateCreating, Due: s.account.Clock.In(mountTargetTime)},
		ID:        ids.New("fsmt"), FileSystemID: fs.ID, SubnetID: subnet.ID,
	}
	eni, err := s.network.CreateInterface(ec2.InterfaceSpec{
		SubnetID: subnet.ID, Description: "EFS mount target for " + fs.ID + " (" + m.ID + ")",
		RequesterID: "amazon-efs", InstanceOwnerID: "amazon-aws", Groups: in.SecurityGroups,
	})
	if err != nil {
		return nil, wire.Errorf("SecurityGroupNotFound", "The mount target's interface can't be made: %v", err)
	}
	m.InterfaceID = eni.ID
	s.mountTargets.Put(m.ID, m)
	return &rest.Answer{Body: s.mountView(m)}, nil
}

func (s *mountTargetOperations) checkZone(fs *fileSystem, subnet ec2.Subnet) error {
	if fs.Zone != "" && fs.Zone != subnet.AvailabilityZone {
		return wire.Errorf("AvailabilityZonesMismatch", "The file system %s lies in %s, the subnet %s in %s", fs.ID, fs.Zone, subnet.ID, subnet.AvailabilityZone)
	}
	for _, other := range s.mountTargets.All() {
		if other.FileSystemID != fs.ID {
			continue
		}
		eni, _ := s.network.Interface(other.InterfaceID)
		if eni.AvailabilityZone == subnet.AvailabilityZone {
			return conflict("MountTargetConflict", "mount target already exists in this AZ")
		}
		if eni.VPCID != subnet.VPCID {
			return conflict("MountTargetConflict", "requested subnet for new mount target is not in the same VPC as existing mount targets")
		}
	}
	return nil
}

func (s *mountTargetOperations) describeMountTargets(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	out := struct{ MountTargets []mountTargetJSON }{[]mountTargetJSON{}}
	fsID, id := call.Query.Get("FileSystemId"), call.Query.Get("MountTargetId")
	if (fsID == "") == (id == "") {
		return nil, badRequest("Exactly one of FileSystemId and MountTargetId must be given")
	}
	if id != "" {
		m, err := s.mountTarget(id)
		if err != nil {
			return nil, err
		}
		out.MountTargets = append(out.MountTargets, s.mountView(m))
		return &rest.Answer{Body: out}, nil
	}
	fs, err := s.fileSystem(fsID)
	if err != nil {
		return nil, err
	}
	for _, m := range s.mountTargets.All() {
		if m.FileSystemID == fs.ID {
			out.MountTargets = append(out.MountTargets, s.mountView(m))
		}
	}
	return &rest.Answer{Body: out}, nil
}

func (s *mountTargetOperations) deleteMountTarget(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	m, err := s.mountTarget(call.Param["id"])
	if err != nil {
		return nil, err
	}
	s.mountTargets.Put(m.ID, m)
	m.lifecycle = lifecycle{State: stateDeleting, Due: s.account.Clock.In(mountTargetTime)}
	return &rest.Answer{Status: http.StatusNoContent}, nil
}

type groupsJSON struct{ SecurityGroups []string }

func (s *mountTargetOperations) describeSecurityGroups(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	m, err := s.mountTarget(call.Param["id"])
	if err != nil {
		return nil, err
	}
	eni, _ := s.network.Interface(m.InterfaceID)
	return &rest.Answer{Body: groupsJSON{append([]string{}, eni.Groups...)}}, nil
}

func (s *mountTargetOperations) modifySecurityGroups(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	var in groupsJSON
	if err := decode(call, &in); err != nil {
		return nil, err
	}
	m, err := s.mountTarget(call.Param["id"])
	if err != nil {
		return nil, err
	}
	if err := s.network.SetInterfaceGroups(m.InterfaceID, in.SecurityGroups); err != nil {
		return nil, wire.Errorf("SecurityGroupNotFound", "The security groups can't be set: %v", err)
	}
	return &rest.Answer{Status: http.StatusNoContent}, nil
}
