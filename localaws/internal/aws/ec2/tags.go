package ec2

import (
	"context"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// tagRules are EC2's,
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html.
var tagRules = tags.Rules{MaxKey: 127, MaxValue: 255, AnyCharacter: true, Refuse: func(f tags.Fault) error {
	switch {
	case f.Problem == tags.TooMany:
		return wire.Errorf("TagLimitExceeded", "More than %d tags were given for a resource.", f.Limit)
	case f.Problem == tags.KeyLength && f.Tag.Key == "":
		return wire.Errorf("InvalidParameterValue", "Tag keys must not be empty")
	case f.Problem == tags.KeyLength:
		return wire.Errorf("InvalidParameterValue", "Tag key exceeds the maximum length of %d characters: '%s'", f.Limit, f.Tag.Key)
	case f.Problem == tags.ValueLength:
		return wire.Errorf("InvalidParameterValue", "Tag value exceeds the maximum length of %d characters: '%s'", f.Limit, f.Tag.Value)
	case f.Problem == tags.Reserved:
		return wire.Errorf("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
	}
	return wire.Errorf("InvalidParameterValue", "Duplicate tag key '%s' specified.", f.Tag.Key)
}}

// tagSpecification is the tags of a resource that a request makes.
type tagSpecification struct {
	ResourceType string
	Tags         []tags.Tag `in:"Tag" out:"tagSet"`
}

// tagged is a request that can tag what it makes.
type tagged struct {
	TagSpecifications []tagSpecification `in:"TagSpecification"`
}

// tagsFor returns the tags for the one type of resource that the request makes,
// and refuses those for another.
func (t tagged) tagsFor(resourceType string) (tags.Set, error) {
	var given []tags.Tag
	for _, spec := range t.TagSpecifications {
		if spec.ResourceType != resourceType {
			return nil, notTaggable(spec.ResourceType)
		}
		given = append(given, spec.Tags...)
	}
	return tagRules.New(given)
}

func notTaggable(resourceType string) error {
	return wire.Errorf("InvalidParameterValue", "'%s' is not a valid taggable resource type for this operation.", resourceType)
}

// tagOperations are those on the tags of any resource.
type tagOperations struct{ *records }

func (s *tagOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateTags", s.createTags),
		wire.Op("DeleteTags", s.deleteTags),
		wire.ReadOp("DescribeTags", s.describeTags),
	}
}

func (s *tagOperations) resources() tags.Resources {
	return tags.Resources{Rules: tagRules, Find: func(id string) (tags.Resource, error) {
		_, err := s.taggable(id)
		return tags.Resource{Tags: s.tagsOf(id), Replace: func(all tags.Set) { s.setTags(id, all) }}, err
	}}
}

// taggable returns the type of an existing resource, as tag specifications
// write it.
func (s *tagOperations) taggable(id string) (resourceType string, err error) {
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
func (s *tagOperations) taggables() map[string]taggableKind {
	return map[string]taggableKind{
		"vpc":      {"vpc", s.vpcs.Has, vpcNotFound},
		"subnet":   {"subnet", s.subnets.Has, subnetNotFound},
		"igw":      {"internet-gateway", s.internetGateways.Has, internetGatewayNotFound},
		"nat":      {"natgateway", s.natGateways.Has, natGatewayNotFound},
		"eipalloc": {"elastic-ip", s.elasticIPs.Has, allocationNotFound},
		"rtb":      {"route-table", s.routeTables.Has, routeTableNotFound},
		"acl":      {"network-acl", s.networkACLs.Has, networkACLNotFound},
		"sg":       {"security-group", s.securityGroups.Has, groupNotFound},
		"sgr":      {"security-group-rule", func(id string) bool { _, _, ok := s.ruleByID(id); return ok }, ruleNotFound},
		"vpce":     {"vpc-endpoint", s.vpcEndpoints.Has, vpcEndpointNotFound},
		"eni":      {"network-interface", s.interfaces.Has, interfaceNotFound},
		"lt":       {"launch-template", s.launchTemplates.Has, templateIDNotFound},
		"key":      {"key-pair", s.keyPairs.Has, keyPairNotFound},
		"i":        {"instance", s.instances.Has, instanceNotFound},
		"vol":      {"volume", func(id string) bool { _, ok := s.volumeOwner(id); return ok }, volumeNotFound},
	}
}

type createTagsInput struct {
	ResourceIDs []string   `in:"ResourceId"`
	Tags        []tags.Tag `in:"Tag"`
}

func (s *tagOperations) createTags(_ context.Context, in *createTagsInput) (*wire.Empty, error) {
	return nil, s.resources().Add(in.Tags, in.ResourceIDs...)
}

type deleteTagsInput struct {
	ResourceIDs []string `in:"ResourceId"`
	Tags        []struct {
		Key   string
		Value *string
	} `in:"Tag"`
}

// deleteTags removes tags by key, or by key and value when a value is given;
// without any, all but AWS's own.
func (s *tagOperations) deleteTags(_ context.Context, in *deleteTagsInput) (*wire.Empty, error) {
	return nil, s.resources().Change(func(set tags.Set) {
		for key, value := range set {
			gone := len(in.Tags) == 0
			for _, t := range in.Tags {
				gone = gone || t.Key == key && (t.Value == nil || *t.Value == value)
			}
			if gone && !strings.HasPrefix(key, "aws:") {
				delete(set, key)
			}
		}
	}, in.ResourceIDs...)
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
	Value        string `empty:"kept"`
}

func (t taggedResource) id() string { return t.ResourceID + " " + t.Key }

func (s *tagOperations) describeTags(_ context.Context, in *describeTagsInput) (*describeTagsOutput, error) {
	all := family[taggedResource]{
		all: s.taggedResources, id: taggedResource.id,
		attributes: attributes[taggedResource]{
			"key":           func(t taggedResource) []string { return []string{t.Key} },
			"value":         func(t taggedResource) []string { return []string{t.Value} },
			"resource-id":   func(t taggedResource) []string { return []string{t.ResourceID} },
			"resource-type": func(t taggedResource) []string { return []string{t.ResourceType} },
		},
	}
	page, next, err := choose(s.records, all, nil, in.selection)
	return &describeTagsOutput{Tags: page, NextToken: next}, err
}

func (s *tagOperations) taggedResources() []taggedResource {
	var all []taggedResource
	for id, set := range s.tags.All() {
		resourceType, err := s.taggable(id)
		if err != nil {
			continue // gone, and its tags go with it
		}
		for _, tag := range set.List() {
			all = append(all, taggedResource{Key: tag.Key, ResourceID: id, ResourceType: resourceType, Value: tag.Value})
		}
	}
	return all
}

// TaggedResources lists what has tags, for the Tagging API.
func (s *tagOperations) TaggedResources() []tags.Tagged {
	var all []tags.Tagged
	for id, set := range s.tags.All() {
		if resourceType, err := s.taggable(id); err == nil {
			all = append(all, tags.Tagged{ARN: s.account.ARN("ec2", resourceType+"/"+id), Tags: set})
		}
	}
	return all
}
