// Package ec2 is Amazon EC2 and the Virtual Private Cloud: networks, gateways,
// security groups, network interfaces, launch templates, images and instances,
// and the rules by which one host reaches another.
//
// API: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/.
//
// Each kind of resource has a file and a type with its operations; all of them
// share the records. What more than one kind does is apart: addressing hands out
// addresses, routing follows route tables, launcher starts instances, and
// reachability follows packets.
package ec2

import (
	"context"
	_ "embed"
	"net/netip"
	"slices"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/iam"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/refusals"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Addresses gives every network interface its own address on this machine; a
// loopback.Network does.
type Addresses interface {
	Allocate() (netip.Addr, error)
	Release(address netip.Addr)
}

// Profiles knows the instance profiles; iam.Service does.
type Profiles interface {
	InstanceProfile(nameOrARN string) (iam.Profile, bool)
}

// Service is EC2. All methods are called with the account's lock held, but Run.
type Service struct {
	*records

	// What other services ask for.
	*tagOperations
	*subnetOperations
	*securityGroupOperations
	*interfaceOperations
	*launchTemplateOperations
	*imageOperations
	*instanceTypeOperations
	*launcher
	*reachability

	natGatewayOperations  *natGatewayOperations
	vpcEndpointOperations *vpcEndpointOperations
	operations            []wire.Operation
}

// New returns an EC2 that has images and instance types and nothing else.
func New(a *core.Account, addresses Addresses, profiles Profiles) *Service {
	r := newRecords(a)
	region := &region{r}
	addressing := &addressing{r}
	routing := &routing{r}
	network := &interfaceOperations{records: r, addressing: addressing, addresses: addresses}
	images := &imageOperations{r, seedImages(a)}
	s := &Service{
		records:                  r,
		tagOperations:            &tagOperations{r},
		subnetOperations:         &subnetOperations{r, region, routing, addressing},
		securityGroupOperations:  &securityGroupOperations{r},
		interfaceOperations:      network,
		launchTemplateOperations: &launchTemplateOperations{r},
		imageOperations:          images,
		instanceTypeOperations:   &instanceTypeOperations{r},
		launcher:                 &launcher{&instanceOperations{r, network}, images, profiles},
		reachability:             &reachability{r, routing},
		natGatewayOperations:     &natGatewayOperations{r, addressing, network},
		vpcEndpointOperations:    &vpcEndpointOperations{r, network},
	}
	s.operations = slices.Concat(
		region.operations(), s.tagOperations.operations(),
		(&vpcOperations{r}).operations(), (&networkACLOperations{r}).operations(), s.subnetOperations.operations(),
		(&internetGatewayOperations{r}).operations(), (&elasticIPOperations{r, addressing}).operations(),
		s.vpcEndpointOperations.operations(), s.natGatewayOperations.operations(),
		(&routeTableOperations{r, routing}).operations(),
		s.securityGroupOperations.operations(), (&securityGroupRuleOperations{r}).operations(), network.operations(),
		s.launchTemplateOperations.operations(), (&keyPairOperations{r}).operations(), images.operations(),
		s.instanceTypeOperations.operations(), s.instanceOperations.operations(),
	)
	return s
}

//go:embed refusals.md
var refusalsText string

// Refusals are what AWS refuses of requests.
var Refusals = refusals.MustParse(refusalsText)

func checkByTable(operation string, parameters map[string]any) error {
	if faults := Refusals.Check(operation, parameters); len(faults) > 0 {
		return refusal(faults[0])
	}
	return nil
}

// Wire is EC2's entry on the wire, with all operations that it has.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:       "ec2",
		Protocol:   wire.EC2Query,
		Namespace:  "http://ec2.amazonaws.com/doc/2016-11-15/",
		Check:      checkByTable,
		Operations: s.operations,
	}
}

// Run moves instances, NAT gateways and VPC endpoints from state to state as time
// passes, until ctx is done.
func (s *Service) Run(ctx context.Context) { s.account.Reconcile(ctx, s.step) }

// step moves on whatever is due and returns when the next is.
func (s *Service) step() (again time.Time) {
	now := s.account.Clock.Now()
	isDue := func(next time.Time) bool {
		if next.After(now) && (again.IsZero() || next.Before(again)) {
			again = next
		}
		return !next.IsZero() && !next.After(now)
	}
	for id, machine := range s.instances.All() {
		if isDue(machine.Next) {
			s.instances.Put(id, machine)
			s.stepInstance(machine)
		}
	}
	for id, gateway := range s.natGateways.All() {
		if isDue(gateway.Next) {
			s.natGateways.Put(id, gateway)
			s.natGatewayOperations.step(gateway)
		}
	}
	for id, endpoint := range s.vpcEndpoints.All() {
		if isDue(endpoint.Next) {
			s.vpcEndpoints.Put(id, endpoint)
			s.vpcEndpointOperations.step(endpoint)
		}
	}
	return again
}

// Resources counts what users made, by kind: not what came with a VPC, and not
// what is gone and only listed for a while.
func (s *Service) Resources() map[string]int {
	counts := map[string]int{
		"vpcs":               s.vpcs.Len(),
		"subnets":            s.subnets.Len(),
		"internet gateways":  s.internetGateways.Len(),
		"elastic IPs":        s.elasticIPs.Len(),
		"network interfaces": s.interfaces.Len(),
		"launch templates":   s.launchTemplates.Len(),
		"key pairs":          s.keyPairs.Len(),
		"vpc endpoints":      s.vpcEndpoints.Len(),
	}
	for _, gateway := range s.natGateways.All() {
		if gateway.State != natDeleted {
			counts["nat gateways"]++
		}
	}
	for _, table := range s.routeTables.All() {
		if !table.isMain() {
			counts["route tables"]++
		}
	}
	for _, group := range s.securityGroups.All() {
		if group.Name != defaultGroupName {
			counts["security groups"]++
		}
	}
	for _, machine := range s.instances.All() {
		if machine.State != StateTerminated {
			counts["instances"]++
		}
	}
	return counts
}
