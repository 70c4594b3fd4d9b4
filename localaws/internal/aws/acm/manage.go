package acm

import (
	"context"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

func (s *Service) deleteCertificate(_ context.Context, in *arnInput) (*wire.Empty, error) {
	c, err := s.certificate(in.CertificateArn)
	if err != nil {
		return nil, err
	}
	if len(c.UsedBy) > 0 {
		return nil, wire.Errorf("ResourceInUseException", "Certificate %s is in use: %v.", c.ARN, c.UsedBy)
	}
	delete(s.state.Certificates, c.ARN)
	delete(s.parsed, c.ARN)
	return nil, nil
}

type updateOptionsInput struct {
	CertificateArn string
	Options        certificateOptions
}

func (s *Service) updateCertificateOptions(_ context.Context, in *updateOptionsInput) (*wire.Empty, error) {
	c, err := s.certificate(in.CertificateArn)
	if err != nil {
		return nil, err
	}
	c.setOptions(in.Options)
	return nil, nil
}

type tagsInput struct {
	CertificateArn string
	Tags           []core.Tag
}

type tagsOutput struct{ Tags []core.Tag }

func (s *Service) addTags(_ context.Context, in *tagsInput) (*wire.Empty, error) {
	c, err := s.certificate(in.CertificateArn)
	if err != nil {
		return nil, err
	}
	c.Tags.Put(in.Tags)
	return nil, nil
}

// removeTags removes a tag only if the value is the one given, or none is.
func (s *Service) removeTags(_ context.Context, in *tagsInput) (*wire.Empty, error) {
	c, err := s.certificate(in.CertificateArn)
	if err != nil {
		return nil, err
	}
	for _, tag := range in.Tags {
		if tag.Value == "" || c.Tags[tag.Key] == tag.Value {
			c.Tags.Remove([]string{tag.Key})
		}
	}
	return nil, nil
}

func (s *Service) listTags(_ context.Context, in *arnInput) (*tagsOutput, error) {
	c, err := s.certificate(in.CertificateArn)
	if err != nil {
		return nil, err
	}
	return &tagsOutput{c.Tags.List()}, nil
}

// TaggedResources lists what can have tags, for the Tagging API.
func (s *Service) TaggedResources() []core.TaggedResource {
	var all []core.TaggedResource
	for _, c := range s.state.Certificates {
		all = append(all, core.TaggedResource{ARN: c.ARN, Tags: c.Tags})
	}
	return all
}
