// Package elbv2 is the control plane of Elastic Load Balancing: Application
// and Network Load Balancers, listeners, rules, target groups and targets.
//
// Each kind of resource has a file and a type with its operations; all of them
// share the records.
//
// It keeps what was asked for. Package dataplane, in the world, makes it
// real and reports here what its health checks find.
package elbv2

import (
	"context"
	_ "embed"
	"slices"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/refusals"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// How long things take on AWS.
const (
	provisioningTime = 2 * time.Minute
	registrationTime = 10 * time.Second
)

// Machines is the network that load balancers stand in; ec2.Service is one.
type Machines interface {
	CreateInterface(ec2.InterfaceSpec) (ec2.Interface, error)
	DeleteInterface(id string) error
	SetInterfaceGroups(id string, groups []string) error
	Interface(id string) (ec2.Interface, bool)
	Subnet(id string) (ec2.Subnet, bool)
	SecurityGroupVPC(id string) (vpcID string, ok bool)
	Instance(id string) (ec2.Instance, bool)
}

// Certificates are those that listeners may present; acm.Service has them.
type Certificates interface {
	Status(arn string) (status string, ok bool)
	Use(arn, byARN string)
	Unuse(arn, byARN string)
}

// Logs take access logs; s3.Service does.
type Logs interface {
	PutObject(bucket, key string, body []byte) error
	AllowsWrite(bucket, key, principal string) bool
}

// Traffic knows what is on its way to targets; the data plane does. It is called with
// the account's lock held.
type Traffic interface {
	// Owes reports whether a target that has been draining since then still has
	// time to answer a request: answering takes real time, however fast AWS's
	// passes.
	Owes(groupARN string, target Target, since time.Time) bool
}

// Service is Elastic Load Balancing. All methods but Run are called with the
// account's lock held.
type Service struct {
	*records

	// What other services and the data plane ask for.
	*loadBalancerOperations
	*targetGroupOperations
	*targetOperations
	*lifecycle
	*tagOperations
	*resolver

	operations []wire.Operation
}

// New returns a Service without load balancers.
func New(a *core.Account, machines Machines, certificates Certificates, logs Logs) *Service {
	r := newRecords(a, machines, certificates, logs)
	actions, health := &actions{r}, &lifecycle{r}
	listeners := &listenerOperations{r, actions, health}
	s := &Service{
		records:                r,
		loadBalancerOperations: &loadBalancerOperations{r, listeners},
		targetGroupOperations:  &targetGroupOperations{r},
		targetOperations:       &targetOperations{r, health},
		lifecycle:              health,
		tagOperations:          &tagOperations{r},
		resolver:               &resolver{r},
	}
	s.operations = slices.Concat(
		s.loadBalancerOperations.operations(), listeners.operations(), (&ruleOperations{r, actions, health}).operations(),
		s.targetGroupOperations.operations(), s.targetOperations.operations(), s.tagOperations.operations(),
	)
	return s
}

// Carry says what carries the traffic. It is called before Run.
func (s *Service) Carry(traffic Traffic) { s.traffic = traffic }

// Resources counts what users made.
func (s *Service) Resources() map[string]int {
	return map[string]int{
		"load balancers": s.loadBalancers.Len(), "listeners": s.listeners.Len(),
		"rules": s.rules.Len(), "target groups": s.targetGroups.Len(),
	}
}

// Run takes forward what needs time, until ctx is done: load balancers become
// active, registrations are completed, drained targets leave.
func (s *Service) Run(ctx context.Context) {
	s.account.Reconcile(ctx, s.settle)
}

//go:embed refusals.md
var refusalsText string

// Refusals are what AWS refuses of requests.
var Refusals = refusals.MustParse(refusalsText)

// Wire is the service's entry for the wire.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:       "elasticloadbalancing",
		Protocol:   wire.Query,
		Namespace:  "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
		Operations: s.operations,
		Check:      Refusals.Refuse("ValidationError"),
	}
}
