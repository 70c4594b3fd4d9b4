package ec2

import (
	"context"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// The states of an interface endpoint,
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpcEndpoint.html.
const (
	endpointPending   = "pending"
	endpointAvailable = "available"
	endpointDeleting  = "deleting"
)

// How long AWS takes to make and to delete an interface endpoint.
const (
	endpointCreation = 60 * time.Second
	endpointDeletion = 60 * time.Second
)

// interfaceEndpoint is the one kind of VPC endpoint that localaws has.
// Nothing answers behind it: it is there for what it blocks.
const interfaceEndpoint = "Interface"

type vpcEndpoint struct {
	ID, VPCID, ServiceName, State string
	Subnets, Groups, Interfaces   []string
	Created                       time.Time
	// Next is when the state moves on.
	Next time.Time
}

// vpcEndpointOperations are those on VPC endpoints.
type vpcEndpointOperations struct {
	*records
	network *interfaceOperations
}

func (s *vpcEndpointOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateVpcEndpoint", s.createVPCEndpoint),
		wire.Op("DeleteVpcEndpoints", s.deleteVPCEndpoints),
		wire.ReadOp("DescribeVpcEndpoints", s.describeVPCEndpoints),
	}
}

type createVPCEndpointInput struct {
	tagged
	VPCEndpointType  string `in:"VpcEndpointType"`
	VPCID            string `in:"VpcId"`
	ServiceName      string
	SubnetIDs        []string `in:"SubnetId"`
	SecurityGroupIDs []string `in:"SecurityGroupId"`
}

type vpcEndpointOutput struct {
	VPCEndpoint vpcEndpointItem `out:"vpcEndpoint"`
}

type vpcEndpointItem struct {
	ID                string     `out:"vpcEndpointId"`
	Type              string     `out:"vpcEndpointType"`
	VPCID             string     `out:"vpcId"`
	ServiceName       string     `out:"serviceName"`
	State             string     `out:"state"`
	RouteTables       []string   `out:"routeTableIdSet"`
	Subnets           []string   `out:"subnetIdSet"`
	Groups            []groupID  `out:"groupSet"`
	Interfaces        []string   `out:"networkInterfaceIdSet"`
	PrivateDNSEnabled bool       `out:"privateDnsEnabled"`
	RequesterManaged  bool       `out:"requesterManaged"`
	CreationTimestamp time.Time  `out:"creationTimestamp"`
	OwnerID           string     `out:"ownerId"`
	Tags              []tags.Tag `out:"tagSet"`
}

// createVPCEndpoint makes an interface endpoint, with a network interface in
// each subnet.
func (s *vpcEndpointOperations) createVPCEndpoint(_ context.Context, in *createVPCEndpointInput) (*vpcEndpointOutput, error) {
	set, err := in.tagsFor("vpc-endpoint")
	if err != nil {
		return nil, err
	}
	if err := s.checkVPCEndpoint(in); err != nil {
		return nil, err
	}
	groups := in.SecurityGroupIDs
	if len(groups) == 0 {
		groups = []string{s.defaultGroup(in.VPCID)}
	}
	endpoint := &vpcEndpoint{
		ID: ids.New("vpce"), VPCID: in.VPCID, ServiceName: in.ServiceName, State: endpointPending, Subnets: in.SubnetIDs,
		Groups: groups, Created: s.account.Clock.Now(), Next: s.account.Clock.In(endpointCreation),
	}
	for _, id := range in.SubnetIDs {
		eni, err := s.network.createInterface(InterfaceSpec{
			SubnetID: id, Description: "VPC Endpoint Interface " + endpoint.ID, Type: "vpc_endpoint",
			RequesterID: "amazon-vpce", InstanceOwnerID: "amazon-aws", Groups: groups,
		})
		if err != nil {
			return nil, err
		}
		endpoint.Interfaces = append(endpoint.Interfaces, eni.ID)
	}
	s.vpcEndpoints.Put(endpoint.ID, endpoint)
	s.setTags(endpoint.ID, set)
	return &vpcEndpointOutput{VPCEndpoint: s.vpcEndpointItem(endpoint)}, nil
}

func (s *vpcEndpointOperations) checkVPCEndpoint(in *createVPCEndpointInput) error {
	v, err := s.vpc(in.VPCID)
	if err != nil {
		return err
	}
	if !strings.EqualFold(in.VPCEndpointType, interfaceEndpoint) { // EC2 ignores case here
		return wire.Errorf("UnsupportedOperation", "localaws has VPC endpoints of the type Interface only, not %q.", in.VPCEndpointType)
	}
	if !strings.HasPrefix(in.ServiceName, "com.amazonaws.") {
		return wire.Errorf("InvalidServiceName", "The Vpc Endpoint Service '%s' does not exist", in.ServiceName)
	}
	zones := map[string]bool{}
	for _, id := range in.SubnetIDs {
		sn, err := s.subnet(id)
		if err != nil {
			return err
		}
		if sn.VPCID != v.ID {
			return wire.Errorf("InvalidParameter", "Subnet %s does not belong to the VPC %s.", sn.ID, v.ID)
		}
		if zones[sn.AvailabilityZone] {
			return wire.Errorf("DuplicateSubnetsInSameZone", "Found another VPC endpoint subnet in the availability zone of %s", sn.ID)
		}
		zones[sn.AvailabilityZone] = true
	}
	return s.network.checkGroups(in.SecurityGroupIDs, v.ID)
}

func (s *vpcEndpointOperations) vpcEndpointItem(e *vpcEndpoint) vpcEndpointItem {
	return vpcEndpointItem{
		ID: e.ID, Type: interfaceEndpoint, VPCID: e.VPCID, ServiceName: e.ServiceName, State: e.State, RouteTables: []string{},
		Subnets: e.Subnets, Groups: s.groupIDs(e.Groups), Interfaces: e.Interfaces, CreationTimestamp: e.Created,
		OwnerID: s.account.ID, Tags: s.tagsOf(e.ID).List(),
	}
}

type describeVPCEndpointsInput struct {
	selection
	VPCEndpointIDs []string `in:"VpcEndpointId"`
}

type describeVPCEndpointsOutput struct {
	VPCEndpoints []vpcEndpointItem `out:"vpcEndpointSet"`
	NextToken    string
}

func (s *vpcEndpointOperations) describeVPCEndpoints(_ context.Context, in *describeVPCEndpointsInput) (*describeVPCEndpointsOutput, error) {
	endpoints := family[*vpcEndpoint]{
		all: list(s.vpcEndpoints), id: func(e *vpcEndpoint) string { return e.ID }, notFound: vpcEndpointNotFound,
		attributes: attributes[*vpcEndpoint]{
			"vpc-endpoint-id":    func(e *vpcEndpoint) []string { return one(e.ID) },
			"vpc-endpoint-state": func(e *vpcEndpoint) []string { return one(e.State) },
			"vpc-endpoint-type":  func(*vpcEndpoint) []string { return one(interfaceEndpoint) },
			"vpc-id":             func(e *vpcEndpoint) []string { return one(e.VPCID) },
			"service-name":       func(e *vpcEndpoint) []string { return one(e.ServiceName) },
		},
	}
	page, next, err := choose(s.records, endpoints, in.VPCEndpointIDs, in.selection)
	return &describeVPCEndpointsOutput{VPCEndpoints: each(page, s.vpcEndpointItem), NextToken: next}, err
}

type deleteVPCEndpointsInput struct {
	VPCEndpointIDs []string `in:"VpcEndpointId"`
}

type deleteVPCEndpointsOutput struct {
	Unsuccessful []unsuccessfulItem `out:"unsuccessful"`
}

type unsuccessfulItem struct {
	ResourceID string            `out:"resourceId"`
	Error      unsuccessfulError `out:"error"`
}

type unsuccessfulError struct {
	Code    string `out:"code"`
	Message string `out:"message"`
}

// deleteVPCEndpoints begins deletions; what can't be deleted is listed, and does
// not fail the call.
func (s *vpcEndpointOperations) deleteVPCEndpoints(_ context.Context, in *deleteVPCEndpointsInput) (*deleteVPCEndpointsOutput, error) {
	if len(in.VPCEndpointIDs) == 0 {
		return nil, missing("VpcEndpointId")
	}
	out := &deleteVPCEndpointsOutput{Unsuccessful: []unsuccessfulItem{}}
	for _, id := range in.VPCEndpointIDs {
		endpoint, ok := s.vpcEndpoints.Change(id)
		if !ok {
			out.Unsuccessful = append(out.Unsuccessful, unsuccessfulItem{ResourceID: id, Error: unsuccessfulError{
				Code: "InvalidVpcEndpointId.NotFound", Message: "The Vpc Endpoint Id '" + id + "' does not exist",
			}})
			continue
		}
		if endpoint.State != endpointDeleting {
			endpoint.State, endpoint.Next = endpointDeleting, s.account.Clock.In(endpointDeletion)
		}
	}
	return out, nil
}

// step moves an endpoint, which is marked, on to its next state. Its interfaces
// go with it.
func (s *vpcEndpointOperations) step(e *vpcEndpoint) {
	if e.State != endpointDeleting {
		e.State, e.Next = endpointAvailable, time.Time{}
		return
	}
	for _, id := range e.Interfaces {
		_ = s.network.DeleteInterface(id) // it can only be gone already
	}
	s.forget(e.ID)
	s.vpcEndpoints.Delete(e.ID)
}
