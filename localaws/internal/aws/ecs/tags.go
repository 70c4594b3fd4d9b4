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

// tagsOf returns the tags of the resource with that ARN.
func (s *Service) tagsOf(arn string) (core.Tags, error) {
	_, resource, ok := strings.Cut(arn, ":"+s.acct.ID+":")
	if !ok || !strings.HasPrefix(arn, "arn:") {
		return nil, invalid("Invalid ARN %q.", arn)
	}
	kind, name, _ := strings.Cut(resource, "/")
	var tags core.Tags
	switch kind {
	case "cluster":
		if c := s.state.Clusters[name]; c != nil && c.Status == active {
			tags = c.Tags
		}
	case "service":
		if svc := s.state.Services[arn]; svc != nil {
			tags = svc.Tags
		}
	case "task":
		if t := s.state.Tasks[arn]; t != nil {
			tags = t.Tags
		}
	case "task-definition":
		if d := s.state.Definitions[name]; d != nil {
			tags = d.Tags
		}
	case "container-instance":
		if i := s.state.Instances[arn]; i != nil {
			tags = i.Tags
		}
	case "capacity-provider":
		if p := s.state.Providers[name]; p != nil && p.Status == active {
			tags = p.Tags
		}
	}
	if tags == nil {
		return nil, resourceNotFound(arn)
	}
	return tags, nil
}

type tagResourceInput struct {
	ResourceArn string
	Tags        []types.Tag
}

func (s *Service) tagResource(_ context.Context, in *tagResourceInput) (*wire.Empty, error) {
	tags, err := s.tagsOf(in.ResourceArn)
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
	for _, t := range in.Tags {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return nil, nil
}

type untagResourceInput struct {
	ResourceArn string
	TagKeys     []string
}

func (s *Service) untagResource(_ context.Context, in *untagResourceInput) (*wire.Empty, error) {
	tags, err := s.tagsOf(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	tags.Remove(in.TagKeys)
	return nil, nil
}

type listTagsInput struct{ ResourceArn string }

type listTagsOutput struct{ Tags []types.Tag }

func (s *Service) listTagsForResource(_ context.Context, in *listTagsInput) (*listTagsOutput, error) {
	tags, err := s.tagsOf(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &listTagsOutput{tagList(tags)}, nil
}

// tagMap and tagList change between the API's tags and the account's.
func tagMap(tags []types.Tag) core.Tags {
	m := core.Tags{}
	for _, t := range tags {
		m[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return m
}

func tagList(tags core.Tags) []types.Tag {
	l := []types.Tag{}
	for _, t := range tags.List() {
		l = append(l, types.Tag{Key: aws.String(t.Key), Value: aws.String(t.Value)})
	}
	return l
}

// TaggedResources lists what can have tags, for the Tagging API.
func (s *Service) TaggedResources() []core.TaggedResource {
	var all []core.TaggedResource
	for _, c := range s.state.Clusters {
		if c.Status == active {
			all = append(all, core.TaggedResource{ARN: c.ARN, Tags: c.Tags})
		}
	}
	for _, svc := range s.state.Services {
		if svc.Status != inactive {
			all = append(all, core.TaggedResource{ARN: svc.ARN, Tags: svc.Tags})
		}
	}
	for _, d := range s.state.Definitions {
		if d.Definition.Status == active {
			all = append(all, core.TaggedResource{ARN: aws.ToString(d.Definition.TaskDefinitionArn), Tags: d.Tags})
		}
	}
	for _, p := range s.state.Providers {
		if p.Status == active {
			all = append(all, core.TaggedResource{ARN: p.ARN, Tags: p.Tags})
		}
	}
	return all
}
