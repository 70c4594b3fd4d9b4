package suite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/awsapi"
)

// unblocked destroys networks that others have put something into. A threat
// detection service, such as GuardDuty's Runtime Monitoring, adds an interface
// endpoint and a security group to VPCs in which instances run; no state knows
// them, and subnets and VPC can't be deleted before. See
// https://docs.aws.amazon.com/guardduty/latest/ug/runtime-monitoring.html.
//
// They are removed before the destroy, since the provider waits 20 minutes for
// a subnet in use, and once more if that was too early.
func (d *Deployment) unblocked(ctx context.Context, destroy func() error) error {
	vpcs, err := vpcsInState(filepath.Join(d.WorkDir(), "terraform.tfstate"))
	if err != nil {
		return err
	}
	if _, err := d.removeForeign(ctx, vpcs); err != nil {
		return err
	}
	err = destroy()
	if err == nil || !strings.Contains(err.Error(), "DependencyViolation") {
		return err
	}
	removed, removing := d.removeForeign(ctx, vpcs)
	if removing != nil || removed == 0 {
		return errors.Join(err, removing)
	}
	return destroy()
}

// removeForeign removes what is not the suite's own from VPCs, and returns how
// much that was.
func (d *Deployment) removeForeign(ctx context.Context, vpcs []string) (removed int, err error) {
	for _, id := range vpcs {
		network := foreignNetwork{
			client: awsapi.New(d.suite.cloud.Config()), vpc: id, poll: d.suite.cloud.Patience().Poll,
			note: func(text string) { d.suite.display.Print("note: " + text) },
		}
		n, err := network.remove(ctx)
		removed += n
		if err != nil {
			return removed, fmt.Errorf("removing what others put into %s: %w", id, err)
		}
	}
	return removed, nil
}

// vpcsInState lists the VPCs that a state holds.
func vpcsInState(stateFile string) ([]string, error) {
	var state struct {
		Resources []struct {
			Mode      string `json:"mode"`
			Type      string `json:"type"`
			Instances []struct {
				Attributes json.RawMessage `json:"attributes"`
			} `json:"instances"`
		} `json:"resources"`
	}
	err := readJSON(stateFile, &state)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, resource := range state.Resources {
		if resource.Mode != "managed" || resource.Type != "aws_vpc" {
			continue
		}
		for _, instance := range resource.Instances {
			var vpc struct {
				ID string `json:"id"`
			}
			if err := json.Unmarshal(instance.Attributes, &vpc); err != nil {
				return nil, fmt.Errorf("%s is damaged: %w", short(stateFile), err)
			}
			ids = append(ids, vpc.ID)
		}
	}
	return ids, nil
}

// foreignNetwork is a VPC of a run's own, with what a run did not put into it:
// endpoints and security groups that lack the tag of a run.
type foreignNetwork struct {
	client *awsapi.Client
	vpc    string
	poll   time.Duration
	note   func(string)
}

// endpointDeletion bounds the wait for an endpoint to be gone; it takes AWS a
// minute or two.
const endpointDeletion = 10 * time.Minute

type ec2Tags []struct {
	Key string `xml:"key"`
}

func (t ec2Tags) ofARun() bool {
	for _, tag := range t {
		if tag.Key == TagRun {
			return true
		}
	}
	return false
}

// remove removes endpoints, waits until they are gone, and removes security
// groups.
func (n foreignNetwork) remove(ctx context.Context) (removed int, err error) {
	endpoints, err := n.endpoints(ctx)
	if err != nil {
		return 0, err
	}
	for id, service := range endpoints {
		n.note(fmt.Sprintf("%s is removed from %s: not a test but %s put it there", id, n.vpc, service))
		if err := n.client.Query(ctx, awsapi.EC2, "DeleteVpcEndpoints", map[string]string{"VpcEndpointId.1": id}, nil); err != nil {
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
		n.note(fmt.Sprintf("%s (%s) is removed from %s: no test put it there", id, name, n.vpc))
		err := n.client.Query(ctx, awsapi.EC2, "DeleteSecurityGroup", map[string]string{"GroupId": id}, nil)
		if err != nil && !awsapi.Refused(err, "InvalidGroup.NotFound") {
			return removed, err
		}
		removed++
	}
	return removed, nil
}

func (n foreignNetwork) filter() map[string]string {
	return map[string]string{"Filter.1.Name": "vpc-id", "Filter.1.Value.1": n.vpc}
}

// endpoints are the foreign ones, with their services by id.
func (n foreignNetwork) endpoints(ctx context.Context) (map[string]string, error) {
	var out struct {
		Endpoints []struct {
			ID      string  `xml:"vpcEndpointId"`
			Service string  `xml:"serviceName"`
			State   string  `xml:"state"`
			Tags    ec2Tags `xml:"tagSet>item"`
		} `xml:"vpcEndpointSet>item"`
	}
	if err := n.client.Query(ctx, awsapi.EC2, "DescribeVpcEndpoints", n.filter(), &out); err != nil {
		return nil, err
	}
	foreign := map[string]string{}
	for _, endpoint := range out.Endpoints {
		if !endpoint.Tags.ofARun() && !strings.EqualFold(endpoint.State, "deleted") {
			foreign[endpoint.ID] = endpoint.Service
		}
	}
	return foreign, nil
}

func (n foreignNetwork) untilGone(ctx context.Context) error {
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
		case <-time.After(n.poll):
		}
	}
}

// securityGroups are the foreign ones but the VPC's own, with their names by
// id.
func (n foreignNetwork) securityGroups(ctx context.Context) (map[string]string, error) {
	var out struct {
		Groups []struct {
			ID   string  `xml:"groupId"`
			Name string  `xml:"groupName"`
			Tags ec2Tags `xml:"tagSet>item"`
		} `xml:"securityGroupInfo>item"`
	}
	if err := n.client.Query(ctx, awsapi.EC2, "DescribeSecurityGroups", n.filter(), &out); err != nil {
		return nil, err
	}
	foreign := map[string]string{}
	for _, group := range out.Groups {
		if group.Name != "default" && !group.Tags.ofARun() {
			foreign[group.ID] = group.Name
		}
	}
	return foreign, nil
}
