// Package sweep finds what a run of the tests left in an account, when neither
// the run nor its work directory is there any more, and makes a Terraform state
// of it: a destroy of that state removes it all, with the provider's own order,
// waits and retries.
package sweep

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/awsapi"
)

// Tags are the keys of the tags that all of a run's resources have.
type Tags struct {
	Run     string // its value is the run's ID
	Started string // when the run began, as RFC 3339
}

// Resource is something that a run made.
type Resource struct {
	Type string // as Terraform names it; "" when the sweep can't remove it
	Key  string // unique among those of its type: its ARN, or its ID
	Run  string
	// Started is when the run began; zero when no tag says so.
	Started time.Time

	id         string
	attributes map[string]any
}

// Find lists what has the tag of a run: by the Tagging API, and what that does
// not know. See
// https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/supported-services.html
// It may list what is gone already: AWS keeps some deleted resources for an
// hour.
func Find(ctx context.Context, client *awsapi.Client, tags Tags) ([]Resource, error) {
	f := &finder{client: client, tags: tags}
	for _, find := range []func(context.Context) error{f.tagged, f.global, f.groups, f.roles, f.untagged} {
		if err := find(ctx); err != nil {
			return nil, fmt.Errorf("looking for what runs left: %w", err)
		}
	}
	slices.SortFunc(f.found, func(a, b Resource) int {
		return cmp.Or(cmp.Compare(a.Run, b.Run), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Key, b.Key))
	})
	return f.found, nil
}

type finder struct {
	client *awsapi.Client
	tags   Tags
	found  []Resource
}

type tag struct{ Key, Value string }

// add notes a resource if its tags are those of a run.
func (f *finder) add(arn string, tags []tag) {
	var run string
	var started time.Time
	for _, t := range tags {
		switch t.Key {
		case f.tags.Run:
			run = t.Value
		case f.tags.Started:
			started, _ = time.Parse(time.RFC3339, t.Value) // else it stays unknown
		}
	}
	serviceAndType, name := splitARN(arn)
	if run == "" || parts[serviceAndType] {
		return
	}
	r := Resource{Key: arn, Run: run, Started: started}
	if k, known := kinds[serviceAndType]; known {
		r.Type = k.terraform
		r.id, r.attributes = k.identify(arn, name)
	}
	f.found = append(f.found, r)
}

// with notes a resource that has no tag, and belongs to one that has.
func (f *finder) with(owner Resource, terraform, id string, attributes map[string]any) {
	f.found = append(f.found, Resource{Type: terraform, Key: id, Run: owner.Run, Started: owner.Started, id: id, attributes: attributes})
}

func (f *finder) tagged(ctx context.Context) error {
	return f.getResources(ctx, f.client, func(string) bool { return true })
}

// global finds the resources of global services. The others there are of another
// region, and of another sweep.
func (f *finder) global(ctx context.Context) error {
	if f.client.Region() == awsapi.GlobalRegion {
		return nil
	}
	return f.getResources(ctx, f.client.In(awsapi.GlobalRegion), func(arn string) bool {
		serviceAndType, _ := splitARN(arn)
		return strings.HasPrefix(serviceAndType, "iam:") || strings.HasPrefix(serviceAndType, "route53:")
	})
}

func (f *finder) getResources(ctx context.Context, client *awsapi.Client, wanted func(arn string) bool) error {
	in := map[string]any{"TagFilters": []any{map[string]any{"Key": f.tags.Run}}}
	for {
		var out struct {
			PaginationToken        string
			ResourceTagMappingList []struct {
				ResourceARN string
				Tags        []tag
			}
		}
		if err := client.JSON(ctx, awsapi.Tagging, "ResourceGroupsTaggingAPI_20170126.GetResources", in, &out); err != nil {
			return err
		}
		for _, r := range out.ResourceTagMappingList {
			if wanted(r.ResourceARN) {
				f.add(r.ResourceARN, r.Tags)
			}
		}
		if out.PaginationToken == "" {
			return nil
		}
		in["PaginationToken"] = out.PaginationToken
	}
}

// groups finds Auto Scaling groups.
func (f *finder) groups(ctx context.Context) error {
	in := map[string]string{"Filters.member.1.Name": "tag-key", "Filters.member.1.Values.member.1": f.tags.Run}
	for {
		var out struct {
			Groups []struct {
				ARN  string `xml:"AutoScalingGroupARN"`
				Tags []tag  `xml:"Tags>member"`
			} `xml:"DescribeAutoScalingGroupsResult>AutoScalingGroups>member"`
			NextToken string `xml:"DescribeAutoScalingGroupsResult>NextToken"`
		}
		if err := f.client.Query(ctx, awsapi.AutoScaling, "DescribeAutoScalingGroups", in, &out); err != nil {
			return err
		}
		for _, group := range out.Groups {
			f.add(group.ARN, group.Tags)
		}
		if out.NextToken == "" {
			return nil
		}
		in["NextToken"] = out.NextToken
	}
}

// roles finds IAM roles, of which every one has to be asked for its tags.
func (f *finder) roles(ctx context.Context) error {
	in := map[string]string{}
	for {
		var out struct {
			Roles []struct {
				Name string `xml:"RoleName"`
				Path string
				ARN  string `xml:"Arn"`
			} `xml:"ListRolesResult>Roles>member"`
			Marker string `xml:"ListRolesResult>Marker"`
		}
		if err := f.client.Query(ctx, awsapi.IAM, "ListRoles", in, &out); err != nil {
			return err
		}
		for _, role := range out.Roles {
			if strings.HasPrefix(role.Path, "/aws-") { // AWS's own
				continue
			}
			tags, err := f.roleTags(ctx, role.Name)
			if err != nil {
				return err
			}
			f.add(role.ARN, tags)
		}
		if out.Marker == "" {
			return nil
		}
		in["Marker"] = out.Marker
	}
}

func (f *finder) roleTags(ctx context.Context, name string) ([]tag, error) {
	var out struct {
		Tags []tag `xml:"ListRoleTagsResult>Tags>member"`
	}
	// A role has 50 tags at most, and a page 100.
	err := f.client.Query(ctx, awsapi.IAM, "ListRoleTags", map[string]string{"RoleName": name}, &out)
	if awsapi.Refused(err, "NoSuchEntity") { // it went meanwhile
		return nil, nil
	}
	return out.Tags, err
}
