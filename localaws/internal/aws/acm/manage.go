package acm

import (
	"context"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// tagOperations are those on the tags of certificates.
type tagOperations struct{ *records }

func (s *tagOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("AddTagsToCertificate", s.addTags),
		wire.Op("RemoveTagsFromCertificate", s.removeTags),
		wire.ReadOp("ListTagsForCertificate", s.listTags),
	}
}

func (s *certificateOperations) deleteCertificate(_ context.Context, in *arnInput) (*wire.Empty, error) {
	c, err := s.certificate(in.CertificateArn)
	if err != nil {
		return nil, err
	}
	if len(c.UsedBy) > 0 {
		return nil, wire.Errorf("ResourceInUseException", "Certificate %s is in use: %v.", c.ARN, c.UsedBy)
	}
	s.certificates.Delete(c.ARN)
	delete(s.parsed, c.ARN)
	return nil, nil
}

type updateOptionsInput struct {
	CertificateArn string
	Options        certificateOptions
}

func (s *certificateOperations) updateCertificateOptions(_ context.Context, in *updateOptionsInput) (*wire.Empty, error) {
	c, err := s.certificate(in.CertificateArn)
	if err != nil {
		return nil, err
	}
	s.certificates.Put(c.ARN, c)
	c.setOptions(in.Options)
	return nil, nil
}

// tagRules are those of https://docs.aws.amazon.com/acm/latest/userguide/tags-restrictions.html.
var tagRules = tags.Rules{Refuse: func(f tags.Fault) error {
	switch f.Problem {
	case tags.TooMany:
		return wire.Errorf("TooManyTagsException", "%s", f)
	case tags.KeyLength, tags.ValueLength, tags.Characters:
		return wire.Errorf("ValidationException", "%s", f)
	}
	return wire.Errorf("InvalidTagException", "%s", f)
}}

func (s *tagOperations) tags() tags.Resources {
	return tags.Resources{Rules: tagRules, Find: func(arn string) (tags.Resource, error) {
		found, ok := tags.In(s.certificates, arn, func(c *certificate) *tags.Set { return &c.Tags })
		if !ok {
			return found, notFound(arn)
		}
		return found, nil
	}}
}

type tagsInput struct {
	CertificateArn string
	Tags           []tags.Tag
}

type tagsOutput struct{ Tags []tags.Tag }

func (s *tagOperations) addTags(_ context.Context, in *tagsInput) (*wire.Empty, error) {
	return nil, s.tags().Add(in.Tags, in.CertificateArn)
}

// removeTags removes a tag only if its value is the one given, or none is.
func (s *tagOperations) removeTags(_ context.Context, in *tagsInput) (*wire.Empty, error) {
	return nil, s.tags().Change(func(all tags.Set) {
		for _, tag := range in.Tags {
			if tag.Value == "" || all[tag.Key] == tag.Value {
				delete(all, tag.Key)
			}
		}
	}, in.CertificateArn)
}

func (s *tagOperations) listTags(_ context.Context, in *arnInput) (*tagsOutput, error) {
	list, err := s.tags().List(in.CertificateArn)
	return &tagsOutput{list}, err
}

// TaggedResources lists what can have tags, for the Tagging API.
func (s *tagOperations) TaggedResources() []tags.Tagged {
	var all []tags.Tagged
	for arn, c := range s.certificates.All() {
		all = append(all, tags.Tagged{ARN: arn, Tags: c.Tags})
	}
	return all
}
