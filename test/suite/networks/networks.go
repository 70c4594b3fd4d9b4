// Package networks clears a run's VPCs of what others put into them, which would
// block their deletion. A threat detection service, such as GuardDuty's Runtime
// Monitoring, adds an interface endpoint and a security group to VPCs in which
// instances run; no state knows them. See
// https://docs.aws.amazon.com/guardduty/latest/ug/runtime-monitoring.html.
package networks

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/awsapi"
)

// endpointDeletion bounds the wait for an endpoint to be gone; it takes AWS a
// minute or two.
const endpointDeletion = 10 * time.Minute

// Network is a VPC of a run's own, with what the run did not put into it:
// endpoints and security groups that lack the run's tag.
type Network struct {
	Client *awsapi.Client
	VPC    string
	RunTag string        // key of the tag on all that a run makes
	Poll   time.Duration // between two looks at what is being deleted
	Note   func(string)
}

type ec2Tags []struct {
	Key string `xml:"key"`
}

// foreign reports whether the tags are not those of a run.
func (n Network) foreign(tags ec2Tags) bool {
	for _, tag := range tags {
		if tag.Key == n.RunTag {
			return false
		}
	}
	return true
}

// Clear removes foreign endpoints, waits until they are gone, and then removes
// foreign security groups. It returns how many it removed.
func (n Network) Clear(ctx context.Context) (removed int, err error) {
	endpoints, err := n.endpoints(ctx)
	if err != nil {
		return 0, err
	}
	for id, service := range endpoints {
		n.Note(fmt.Sprintf("%s is removed from %s: %s put it there, not a test", id, n.VPC, service))
		if err := n.Client.Query(ctx, awsapi.EC2, "DeleteVpcEndpoints", map[string]string{"VpcEndpointId.1": id}, nil); err != nil {
			return removed, err
		}
		removed++
	}
	if removed > 0 {
		if err := n.untilGone(ctx); err != nil {
			return removed, err
		}
	}
	groups, err := n.securityGroups(ctx)
	if err != nil {
		return removed, err
	}
	for id, name := range groups {
		n.Note(fmt.Sprintf("%s (%s) is removed from %s: no test put it there", id, name, n.VPC))
		err := n.Client.Query(ctx, awsapi.EC2, "DeleteSecurityGroup", map[string]string{"GroupId": id}, nil)
		if err != nil && !awsapi.Refused(err, "InvalidGroup.NotFound") {
			return removed, err
		}
		removed++
	}
	return removed, nil
}

func (n Network) filter() map[string]string {
	return map[string]string{"Filter.1.Name": "vpc-id", "Filter.1.Value.1": n.VPC}
}

// endpoints are the foreign ones, with their services by ID.
func (n Network) endpoints(ctx context.Context) (map[string]string, error) {
	var out struct {
		Endpoints []struct {
			ID      string  `xml:"vpcEndpointId"`
			Service string  `xml:"serviceName"`
			State   string  `xml:"state"`
			Tags    ec2Tags `xml:"tagSet>item"`
		} `xml:"vpcEndpointSet>item"`
	}
	if err := n.Client.Query(ctx, awsapi.EC2, "DescribeVpcEndpoints", n.filter(), &out); err != nil {
		return nil, err
	}
	foreign := map[string]string{}
	for _, endpoint := range out.Endpoints {
		if n.foreign(endpoint.Tags) && !strings.EqualFold(endpoint.State, "deleted") {
			foreign[endpoint.ID] = endpoint.Service
		}
	}
	return foreign, nil
}

func (n Network) untilGone(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, endpointDeletion)
	defer cancel()
	for {
		left, err := n.endpoints(ctx)
		if err != nil || len(left) == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %d endpoints to be gone: %w", len(left), ctx.Err())
		case <-time.After(n.Poll):
		}
	}
}

// securityGroups are the foreign ones but the VPC's default one, with their names by
// ID.
func (n Network) securityGroups(ctx context.Context) (map[string]string, error) {
	var out struct {
		Groups []struct {
			ID   string  `xml:"groupId"`
			Name string  `xml:"groupName"`
			Tags ec2Tags `xml:"tagSet>item"`
		} `xml:"securityGroupInfo>item"`
	}
	if err := n.Client.Query(ctx, awsapi.EC2, "DescribeSecurityGroups", n.filter(), &out); err != nil {
		return nil, err
	}
	foreign := map[string]string{}
	for _, group := range out.Groups {
		if group.Name != "default" && n.foreign(group.Tags) {
			foreign[group.ID] = group.Name
		}
	}
	return foreign, nil
}
