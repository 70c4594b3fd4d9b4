package ecs

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// maxTags is how many tags a resource has at most.
const maxTags = 50

// tagAPI is the API of tags.
type tagAPI struct{ *region }

func (s tagAPI) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("TagResource", s.tagResource),
		wire.Op("UntagResource", s.untagResource),
		wire.ReadOp("ListTagsForResource", s.listTagsForResource),
	}
}

// tagsOf returns the tags of the resource with that ARN, and what to call
// before they are changed.
func (s tagAPI) tagsOf(arn string) (tags core.Tags, change func(), err error) {
	_, resource, ok := strings.Cut(arn, ":"+s.acct.ID+":")
	if !ok || !strings.HasPrefix(arn, "arn:") {
		return nil, nil, invalid("Invalid ARN %q.", arn)
	}
	kind, name, _ := strings.Cut(resource, "/")
	switch kind {
	case "cluster":
		if c, _ := s.state.Clusters.Get(name); c != nil && c.Status == active {
			return c.Tags, func() { s.state.Clusters.Change(name) }, nil
		}
	case "service":
		if svc, ok := s.state.Services.Get(arn); ok {
			return svc.Tags, func() { s.state.Services.Change(arn) }, nil
		}
	case "task":
		if t, ok := s.state.Tasks.Get(arn); ok {
			return t.Tags, func() { s.state.Tasks.Change(arn) }, nil
		}
	case "task-definition":
		if d, ok := s.state.Definitions.Get(name); ok {
			return d.Tags, func() { s.state.Definitions.Change(name) }, nil
		}
	case "container-instance":
		if i, ok := s.state.Instances.Get(arn); ok {
			return i.Tags, func() { s.state.Instances.Change(arn) }, nil
		}
	case "capacity-provider":
		if p, _ := s.state.Providers.Get(name); p != nil && p.Status == active {
			return p.Tags, func() { s.state.Providers.Change(name) }, nil
		}
	}
	return nil, nil, resourceNotFound(arn)
}

type tagResourceInput struct {
	ResourceArn string
	Tags        []types.Tag
}

func (s tagAPI) tagResource(_ context.Context, in *tagResourceInput) (*wire.Empty, error) {
	tags, change, err := s.tagsOf(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	added := 0
	for _, t := range in.Tags {
		k := aws.ToString(t.Key)
		if k == "" || strings.HasPrefix(strings.ToLower(k), "aws:") {
			return nil, invalid("Tag key %q: it must not be empty or begin with aws:.", k)
		}
		if _, has := tags[k]; !has {
			added++
		}
	}
	if len(tags)+added > maxTags {
		return nil, invalid("%s would have %d tags; at most %d.", in.ResourceArn, len(tags)+added, maxTags)
	}
	change()
	for _, t := range in.Tags {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return nil, nil
}

type untagResourceInput struct {
	ResourceArn string
	TagKeys     []string
}

func (s tagAPI) untagResource(_ context.Context, in *untagResourceInput) (*wire.Empty, error) {
	tags, change, err := s.tagsOf(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	change()
	tags.Remove(in.TagKeys)
	return nil, nil
}

type listTagsInput struct{ ResourceArn string }

type listTagsOutput struct{ Tags []types.Tag }

func (s tagAPI) listTagsForResource(_ context.Context, in *listTagsInput) (*listTagsOutput, error) {
	tags, _, err := s.tagsOf(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &listTagsOutput{tagList(tags)}, nil
}
