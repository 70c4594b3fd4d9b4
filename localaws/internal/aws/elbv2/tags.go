package elbv2

import (
	"context"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// tagOperations are those on the tags of every kind of resource.
type tagOperations struct{ *records }

func (s *tagOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("AddTags", s.addTags),
		wire.ReadOp("DescribeTags", s.describeTags),
		wire.Op("RemoveTags", s.removeTags),
	}
}

// tagRules are those of
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AddTags.html.
var tagRules = tags.Rules{Refuse: func(f tags.Fault) error {
	switch f.Problem {
	case tags.TooMany:
		return tooMany("TooManyTags", "The maximum number of tags per resource has been reached: %d", f.Limit)
	case tags.Duplicate:
		return wire.Errorf("DuplicateTagKeys", "The tag key '%s' was specified more than once", f.Tag.Key)
	case tags.Reserved:
		return invalid("The tag key '%s' must not begin with 'aws:'", f.Tag.Key)
	}
	return invalid("%s", f)
}}

// tags are those of load balancers, listeners, rules and target groups, by ARN.
func (s *tagOperations) tags() tags.Resources {
	return tags.Resources{Rules: tagRules, Find: func(arn string) (tags.Resource, error) {
		set, _ := s.tagSets.Get(arn)
		return tags.Resource{Tags: set, Replace: func(all tags.Set) { s.tagSets.Put(arn, all) }}, s.exists(arn)
	}}
}

type addTagsInput struct {
	ResourceArns []string
	Tags         []tags.Tag
}

func (s *tagOperations) addTags(_ context.Context, in *addTagsInput) (*wire.Empty, error) {
	return nil, s.tags().Add(in.Tags, in.ResourceArns...)
}

type removeTagsInput struct {
	ResourceArns []string
	TagKeys      []string
}

func (s *tagOperations) removeTags(_ context.Context, in *removeTagsInput) (*wire.Empty, error) {
	return nil, s.tags().Remove(in.TagKeys, in.ResourceArns...)
}

type describeTagsInput struct{ ResourceArns []string }

type tagDescription struct {
	ResourceArn string
	Tags        []tags.Tag
}

type describeTagsOutput struct{ TagDescriptions []tagDescription }

// describeTags has an entry for each resource, also for one without tags.
func (s *tagOperations) describeTags(_ context.Context, in *describeTagsInput) (*describeTagsOutput, error) {
	out := &describeTagsOutput{TagDescriptions: []tagDescription{}}
	for _, arn := range in.ResourceArns {
		list, err := s.tags().List(arn)
		if err != nil {
			return nil, err
		}
		out.TagDescriptions = append(out.TagDescriptions, tagDescription{ResourceArn: arn, Tags: list})
	}
	return out, nil
}

// exists refuses an ARN that no resource has.
func (s *tagOperations) exists(arn string) error {
	var err error
	switch {
	case strings.Contains(arn, ":loadbalancer/"):
		_, err = s.loadBalancer(arn)
	case strings.Contains(arn, ":listener/"):
		_, err = s.listener(arn)
	case strings.Contains(arn, ":listener-rule/"):
		_, err = s.rule(arn)
	case strings.Contains(arn, ":targetgroup/"):
		_, err = s.targetGroup(arn)
	default:
		err = invalid("'%s' is not a valid load balancer, listener, rule or target group ARN", arn)
	}
	return err
}

// TaggedResources lists what has tags, for the Tagging API.
func (s *tagOperations) TaggedResources() []tags.Tagged {
	var all []tags.Tagged
	for arn, set := range s.tagSets.All() {
		all = append(all, tags.Tagged{ARN: arn, Tags: set})
	}
	return all
}
