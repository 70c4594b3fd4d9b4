package dataplane

import (
	"crypto/tls"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
)

// plan is the desired state, read in one go under the account's lock. Nothing in
// it changes afterwards.
type plan struct {
	balancers    []elbv2.Balancer
	groups       map[string]elbv2.TargetGroup
	hosts        map[targetKey]host
	certificates map[string]*tls.Certificate
}

// targetKey names a target of a target group.
type targetKey struct {
	group  string // ARN
	target elbv2.Target
}

// host is where a target is.
type host struct {
	address     netip.AddrPort // on this machine; not valid for one that is nowhere
	interfaceID string
	privateIP   string
	zone        string
}

func (p *Plane) plan() *plan {
	wanted := &plan{hosts: map[targetKey]host{}, certificates: map[string]*tls.Certificate{}}
	p.account.Do(func() {
		wanted.balancers = slices.DeleteFunc(p.control.Balancers(), func(b elbv2.Balancer) bool { return b.State != elbv2.StateActive })
		wanted.groups = p.control.TargetGroups()
		for _, group := range wanted.groups {
			for _, target := range group.Targets {
				wanted.hosts[targetKey{group.ARN, target.Target}] = p.locate(group, target)
			}
		}
		for _, balancer := range wanted.balancers {
			for _, listener := range balancer.Listeners {
				for _, arn := range listener.Certificates {
					if certificate, ok := p.certificates.Certificate(arn); ok {
						wanted.certificates[arn] = certificate
					}
				}
			}
		}
	})
	return wanted
}

// locate finds a target's host. It is called with the account's lock held.
func (p *Plane) locate(group elbv2.TargetGroup, target elbv2.RegisteredTarget) host {
	port := uint16(target.Port)
	switch group.TargetType {
	case "instance":
		if instance, ok := p.machines.Instance(target.ID); ok {
			return host{netip.AddrPortFrom(instance.Address, port), instance.InterfaceID, instance.PrivateIP, instance.AvailabilityZone}
		}
	case "ip":
		for _, instance := range p.machines.Instances() {
			if instance.PrivateIP == target.ID && instance.VPCID == group.VPCID && instance.State == "running" {
				return host{netip.AddrPortFrom(instance.Address, port), instance.InterfaceID, instance.PrivateIP, instance.AvailabilityZone}
			}
		}
	case "alb":
		for _, balancer := range p.control.Balancers() {
			if balancer.ARN == target.ID && len(balancer.Nodes) > 0 {
				node := balancer.Nodes[0]
				return host{netip.AddrPortFrom(node.Address, port), node.InterfaceID, "", node.AvailabilityZone}
			}
		}
	}
	return host{}
}

// seconds reads an attribute that is a number of seconds; elbv2 has checked it.
func seconds(value string) time.Duration {
	n, err := strconv.Atoi(value)
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Second
}

// on reads an attribute that is true or false.
func on(value string) bool { return value == "true" }
