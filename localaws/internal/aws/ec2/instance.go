package ec2

import (
	"maps"
	"net/netip"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// An instance's states, with the codes that EC2 gives them;
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html.
const (
	StatePending      = "pending"
	StateRunning      = "running"
	StateShuttingDown = "shutting-down"
	StateTerminated   = "terminated"
)

func stateCode(name string) int {
	return map[string]int{StatePending: 0, StateRunning: 16, StateShuttingDown: 32, StateTerminated: 48}[name]
}

// How long AWS takes: an instance's start and end, and how long a terminated
// one is still listed.
const (
	bootTime       = 20 * time.Second
	shutdownTime   = 20 * time.Second
	instanceMemory = time.Hour
)

// instance is an Instance, without what is kept elsewhere (its public address and
// its tags), and what only EC2's own operations show.
type instance struct {
	Instance
	ReservationID, KeyName, ProfileID string
	StateReasonCode, StateReason      string
	EBSOptimized, Monitoring          bool
	NoTermination                     bool // by API calls; Auto Scaling may
	Metadata                          metadataOptions
	Volumes                           []volume
	// Next is when the state moves on.
	Next time.Time
}

type volume struct {
	ID, Device, Type, SnapshotID string
	SizeGiB                      int
	Encrypted                    bool
	DeleteOnTermination          bool
	IOPS, Throughput             *int
	Created                      time.Time
}

// Instance is an EC2 instance as other services see it.
type Instance struct {
	ID, Type, Architecture, ImageID   string
	SubnetID, VPCID, AvailabilityZone string
	// State is one of the State constants.
	State string
	// UserData is decoded.
	UserData   []byte
	ProfileARN string
	// InterfaceID is "" and Address invalid once it is terminated.
	InterfaceID         string
	PrivateIP, PublicIP string
	Address             netip.Addr
	LaunchTime          time.Time
	Tags                tags.Set
	// MetadataTokens is "required" (IMDSv2) or "optional", MetadataHops the
	// hops that an answer of the metadata service survives: a container on
	// the bridge needs 2.
	MetadataTokens string
	MetadataHops   int
	// TemplateID and TemplateVersion are what it was launched from.
	TemplateID      string
	TemplateVersion int64
	Spot            bool
}

// instanceOperations are those on instances and their volumes.
type instanceOperations struct {
	*records
	network *interfaceOperations
}

// Instance returns the instance with that id; also a terminated one, for an
// hour.
func (s *instanceOperations) Instance(id string) (Instance, bool) {
	machine, ok := s.instances.Get(id)
	if !ok {
		return Instance{}, false
	}
	return s.instanceView(machine), true
}

// Instances are all instances by id, terminated ones too.
func (s *instanceOperations) Instances() []Instance { return each(list(s.instances)(), s.instanceView) }

func (s *instanceOperations) instanceView(m *instance) Instance {
	view := m.Instance
	view.PublicIP, view.Tags = s.publicIPOf(m), maps.Clone(s.tagsOf(m.ID))
	return view
}

func (s *instanceOperations) publicIPOf(m *instance) string {
	if eni, ok := s.interfaces.Get(m.InterfaceID); ok {
		return eni.PublicIP
	}
	return ""
}

// Terminate ends an instance: it is shutting down for a while, then terminated,
// when its interface and volumes go. One that ends already goes on ending.
func (s *instanceOperations) Terminate(id string) error {
	machine, ok := s.instances.Change(id)
	if !ok {
		return instanceNotFound(id)
	}
	if machine.State == StatePending || machine.State == StateRunning {
		machine.State, machine.Next = StateShuttingDown, s.account.Clock.In(shutdownTime)
		machine.StateReasonCode, machine.StateReason = "Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown"
	}
	return nil
}

// stepInstance moves an instance, which is marked, on to its next state.
func (s *instanceOperations) stepInstance(m *instance) {
	switch m.State {
	case StatePending:
		m.State, m.Next = StateRunning, time.Time{}
	case StateShuttingDown:
		s.end(m)
		m.State, m.Next = StateTerminated, s.account.Clock.In(instanceMemory)
	case StateTerminated:
		s.forget(m.ID)
		s.instances.Delete(m.ID)
	}
}

// end takes what a terminated instance no longer has.
func (s *instanceOperations) end(m *instance) {
	if err := s.network.DeleteInterface(m.InterfaceID); err != nil {
		s.account.Log.Error("removing the interface of an instance", "instance", m.ID, "error", err)
	}
	for _, v := range m.Volumes {
		s.forget(v.ID)
	}
	m.InterfaceID, m.PrivateIP, m.Address, m.Volumes = "", "", netip.Addr{}, nil
	m.SubnetID, m.VPCID = "", ""
}

func volumeNotFound(id string) error {
	return wire.Errorf("InvalidVolume.NotFound", "The volume '%s' does not exist.", id)
}
