// Package ec2 is Amazon EC2 and the Virtual Private Cloud: networks, gateways,
// security groups, network interfaces, launch templates, images and instances,
// and the rules by which one host reaches another.
package ec2

import (
	"encoding/json"
	"fmt"
	"net/netip"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/iam"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
)

// Addresses gives every network interface its own address on this machine; a
// loopback.Network does.
type Addresses interface {
	Allocate() (netip.Addr, error)
	Take(address netip.Addr)
	Release(address netip.Addr)
}

// Profiles knows the instance profiles; iam.Service does.
type Profiles interface {
	InstanceProfile(nameOrARN string) (iam.Profile, bool)
}

// Service is EC2. All methods are called with the account's lock held, but Run.
type Service struct {
	account   *core.Account
	addresses Addresses
	profiles  Profiles
	images    []image
	state     state
}

// state is what a snapshot holds. All maps are by resource id.
type state struct {
	VPCs             map[string]*vpc
	Subnets          map[string]*subnet
	InternetGateways map[string]*internetGateway
	NATGateways      map[string]*natGateway
	ElasticIPs       map[string]*elasticIP
	RouteTables      map[string]*routeTable
	NetworkACLs      map[string]*networkACL
	SecurityGroups   map[string]*securityGroup
	Interfaces       map[string]*networkInterface
	LaunchTemplates  map[string]*launchTemplate
	KeyPairs         map[string]*keyPair
	Instances        map[string]*instance
	VPCEndpoints     map[string]*vpcEndpoint

	// Tags are those of every resource that has some.
	Tags map[string]core.Tags
	// Tokens are the client tokens of requests that made a resource, so that
	// a request sent twice makes one.
	Tokens map[string]string
	// NextPublicIP counts the public addresses handed out.
	NextPublicIP uint32
}

// New returns an EC2 that has images and instance types and nothing else.
func New(a *core.Account, addresses Addresses, profiles Profiles) *Service {
	return &Service{account: a, addresses: addresses, profiles: profiles, images: seedImages(a), state: emptyState()}
}

func emptyState() state {
	return state{
		VPCs:             map[string]*vpc{},
		Subnets:          map[string]*subnet{},
		InternetGateways: map[string]*internetGateway{},
		NATGateways:      map[string]*natGateway{},
		ElasticIPs:       map[string]*elasticIP{},
		RouteTables:      map[string]*routeTable{},
		NetworkACLs:      map[string]*networkACL{},
		SecurityGroups:   map[string]*securityGroup{},
		Interfaces:       map[string]*networkInterface{},
		LaunchTemplates:  map[string]*launchTemplate{},
		KeyPairs:         map[string]*keyPair{},
		Instances:        map[string]*instance{},
		VPCEndpoints:     map[string]*vpcEndpoint{},
		Tags:             map[string]core.Tags{},
		Tokens:           map[string]string{},
	}
}

// Name is the service's key in the snapshot.
func (s *Service) Name() string { return "ec2" }

// Snapshot returns all the state there is.
func (s *Service) Snapshot() any { return s.state }

// Restore replaces the state by what Snapshot returned, and takes the addresses
// that its network interfaces have.
func (s *Service) Restore(raw json.RawMessage) error {
	restored := emptyState()
	if err := json.Unmarshal(raw, &restored); err != nil {
		return fmt.Errorf("reading the state of ec2: %w", err)
	}
	for _, eni := range restored.Interfaces {
		s.addresses.Take(eni.Address)
	}
	s.state = restored
	return nil
}
