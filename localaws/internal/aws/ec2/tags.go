package ec2

import (
	"context"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// maxTags is the quota of tags on one resource.
const maxTags = 50

// tagSpecification is the tags of a resource that a request makes.
type tagSpecification struct {
	ResourceType string
	Tags         []core.Tag `in:"Tag" out:"tagSet"`
}

// tagged is a request that can tag what it makes.
type tagged struct {
	TagSpecifications []tagSpecification `in:"TagSpecification"`
}

// tagsFor returns the tags for the one type of resource that the request makes,
// and refuses those for another.
func (t tagged) tagsFor(resourceType string) (core.Tags, error) {
	tags := core.Tags{}
	for _, spec := range t.TagSpecifications {
		if spec.ResourceType != resourceType {
			return nil, wire.Errorf("InvalidParameterValue", "'%s' is not a valid taggable resource type for this operation.", spec.ResourceType)
		}
		if err := checkTags(spec.Tags); err != nil {
			return nil, err
		}
		tags.Put(spec.Tags)
	}
	return tags, mustFit(tags)
}

func checkTags(tags []core.Tag) error {
	for _, tag := range tags {
		switch {
		case tag.Key == "":
			return wire.Errorf("InvalidParameterValue", "Tag keys must not be empty")
		case len([]rune(tag.Key)) > 127:
			return wire.Errorf("InvalidParameterValue", "Tag key exceeds the maximum length of 127 characters: '%s'", tag.Key)
		case len([]rune(tag.Value)) > 255:
			return wire.Errorf("InvalidParameterValue", "Tag value exceeds the maximum length of 255 characters: '%s'", tag.Value)
		case strings.HasPrefix(strings.ToLower(tag.Key), "aws:"):
			return wire.Errorf("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
		}
	}
	return nil
}

func mustFit(tags core.Tags) error {
	own := 0
	for key := range tags {
		if !strings.HasPrefix(key, "aws:") {
			own++
		}
	}
	if own > maxTags {
		return wire.Errorf("TagLimitExceeded", "More than %d tags were given for a resource.", maxTags)
	}
	return nil
}

// setTags gives a new resource its tags.
func (s *Service) setTags(id string, tags core.Tags) {
	if len(tags) > 0 {
		s.state.Tags[id] = tags
	}
}

func (s *Service) tagList(id string) []core.Tag { return s.state.Tags[id].List() }

type tagsInput struct {
	ResourceIDs []string    `in:"ResourceId"`
	Tags        []tagChange `in:"Tag"`
}

// tagChange has a pointer, as DeleteTags tells an empty value from none.
type tagChange struct {
	Key   string
	Value *string
}

func (s *Service) createTags(_ context.Context, in *tagsInput) (*wire.Empty, error) {
	tags := make([]core.Tag, 0, len(in.Tags))
	for _, tag := range in.Tags {
		value := ""
		if tag.Value != nil {
			value = *tag.Value
		}
		tags = append(tags, core.Tag{Key: tag.Key, Value: value})
	}
	if err := checkTags(tags); err != nil {
		return nil, err
	}
	changed := map[string]core.Tags{}
	for _, id := range in.ResourceIDs {
		if _, err := s.taggable(id); err != nil {
			return nil, err
		}
		all := core.NewTags(s.tagList(id))
		all.Put(tags)
		if err := mustFit(all); err != nil {
			return nil, err
		}
		changed[id] = all
	}
	for id, all := range changed {
		s.setTags(id, all)
	}
	return nil, nil
}

func (s *Service) deleteTags(_ context.Context, in *tagsInput) (*wire.Empty, error) {
	for _, id := range in.ResourceIDs {
		if _, err := s.taggable(id); err != nil {
			return nil, err
		}
	}
	for _, id := range in.ResourceIDs {
		s.deleteTagsOf(id, in.Tags)
	}
	return nil, nil
}

// deleteTagsOf removes tags by key, or by key and value when a value is given;
// without any, all but AWS's own.
func (s *Service) deleteTagsOf(id string, tags []tagChange) {
	has := s.state.Tags[id]
	for key, value := range has {
		gone := slices.ContainsFunc(tags, func(t tagChange) bool { return t.Key == key && (t.Value == nil || *t.Value == value) })
		if (gone || len(tags) == 0) && !strings.HasPrefix(key, "aws:") {
			delete(has, key)
		}
	}
	if len(has) == 0 {
		delete(s.state.Tags, id)
	}
}

// taggable returns the type of an existing resource, as tag specifications
// write it.
func (s *Service) taggable(id string) (resourceType string, err error) {
	prefix, _, _ := strings.Cut(id, "-")
	kind, known := s.taggables()[prefix]
	if !known {
		return "", wire.Errorf("InvalidID", "The ID '%s' is not valid", id)
	}
	if !kind.exists(id) {
		return "", kind.notFound(id)
	}
	return kind.resourceType, nil
}

type taggableKind struct {
	resourceType string
	exists       func(id string) bool
	notFound     func(id string) error
}

// taggables are the kinds of resources by the prefix of their ids.
func (s *Service) taggables() map[string]taggableKind {
	return map[string]taggableKind{
		"vpc":      {"vpc", in(s.state.VPCs), vpcNotFound},
		"subnet":   {"subnet", in(s.state.Subnets), subnetNotFound},
		"igw":      {"internet-gateway", in(s.state.InternetGateways), internetGatewayNotFound},
		"nat":      {"natgateway", in(s.state.NATGateways), natGatewayNotFound},
		"eipalloc": {"elastic-ip", in(s.state.ElasticIPs), allocationNotFound},
		"rtb":      {"route-table", in(s.state.RouteTables), routeTableNotFound},
		"acl":      {"network-acl", in(s.state.NetworkACLs), networkACLNotFound},
		"sg":       {"security-group", in(s.state.SecurityGroups), groupNotFound},
		"sgr":      {"security-group-rule", func(id string) bool { _, _, ok := s.ruleByID(id); return ok }, ruleNotFound},
		"vpce":     {"vpc-endpoint", in(s.state.VPCEndpoints), vpcEndpointNotFound},
		"eni":      {"network-interface", in(s.state.Interfaces), interfaceNotFound},
		"lt":       {"launch-template", in(s.state.LaunchTemplates), templateIDNotFound},
		"key":      {"key-pair", in(s.state.KeyPairs), keyPairNotFound},
		"i":        {"instance", in(s.state.Instances), instanceNotFound},
		"vol":      {"volume", func(id string) bool { _, ok := s.volumeOwner(id); return ok }, volumeNotFound},
	}
}

func in[T any](m map[string]T) func(id string) bool {
	return func(id string) bool { _, ok := m[id]; return ok }
}

type describeTagsInput struct{ selection }

type describeTagsOutput struct {
	Tags      []taggedResource `out:"tagSet"`
	NextToken string
}

type taggedResource struct {
	Key          string
	ResourceID   string `out:"resourceId"`
	ResourceType string
	Value        string
}

func (t taggedResource) id() string { return t.ResourceID + " " + t.Key }

func (s *Service) describeTags(_ context.Context, in *describeTagsInput) (*describeTagsOutput, error) {
	tags := family[taggedResource]{
		all: s.taggedResources, id: taggedResource.id,
		attributes: attributes[taggedResource]{
			"key":           func(t taggedResource) []string { return []string{t.Key} },
			"value":         func(t taggedResource) []string { return []string{t.Value} },
			"resource-id":   func(t taggedResource) []string { return []string{t.ResourceID} },
			"resource-type": func(t taggedResource) []string { return []string{t.ResourceType} },
		},
	}
	page, next, err := choose(s, tags, nil, in.selection)
	return &describeTagsOutput{Tags: page, NextToken: next}, err
}

func (s *Service) taggedResources() []taggedResource {
	var all []taggedResource
	for id, tags := range s.state.Tags {
		resourceType, err := s.taggable(id)
		if err != nil {
			continue // gone, and its tags go with it
		}
		for key, value := range tags {
			all = append(all, taggedResource{Key: key, ResourceID: id, ResourceType: resourceType, Value: value})
		}
	}
	return all
}

// TaggedResources lists what has tags, for the Tagging API.
func (s *Service) TaggedResources() []core.TaggedResource {
	var all []core.TaggedResource
	for id, tags := range s.state.Tags {
		if resourceType, err := s.taggable(id); err == nil {
			all = append(all, core.TaggedResource{ARN: s.account.ARN("ec2", resourceType+"/"+id), Tags: tags})
		}
	}
	return all
}
