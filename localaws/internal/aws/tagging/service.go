// Package tagging is the AWS Resource Groups Tagging API: it finds the
// resources of all services by their tags.
package tagging

import (
	"context"
	_ "embed"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/refusals"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Tagged is a service whose resources can be found here.
type Tagged interface {
	// TaggedResources lists the resources, also those without tags. Auto
	// Scaling groups and IAM roles are none of them, as on AWS:
	// https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/supported-services.html
	TaggedResources() []tags.Tagged
}

// Service is the Tagging API. All methods are called with the account's lock
// held. It has no state of its own.
type Service struct {
	account  *core.Account
	services []Tagged
}

// New returns a Tagging API over the services.
func New(a *core.Account, services ...Tagged) *Service {
	return &Service{account: a, services: services}
}

//go:embed refusals.md
var refusalsText string

// Refusals are what AWS refuses of requests.
var Refusals = refusals.MustParse(refusalsText)

// Wire is the service's entry on the wire.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name: "tagging", AnyRegion: true, Protocol: wire.JSON11, TargetPrefix: "ResourceGroupsTaggingAPI_20170126",
		Check:      Refusals.Refuse("InvalidParameterException"),
		Operations: []wire.Operation{wire.ReadOp("GetResources", s.getResources)},
	}
}

type tagFilter struct {
	Key    string
	Values []string
}

type getResourcesInput struct {
	TagFilters          []tagFilter
	ResourceTypeFilters []string
	ResourceARNList     []string
	ResourcesPerPage    *int
	PaginationToken     string
}

type getResourcesOutput struct {
	// PaginationToken is there and empty on the last page.
	PaginationToken        *string
	ResourceTagMappingList []resourceTagMapping
}

type resourceTagMapping struct {
	ResourceARN string
	Tags        []tags.Tag
}

// maxFilters is how many tag filters a request may have.
const maxFilters = 50

// pages are those of GetResources.
var pages = paging.Limits{
	Default: 100, Max: 100,
	Size: func(size int) error { return invalid("ResourcesPerPage is %d: it must be 1 to 100.", size) },
	Token: func(token string) error {
		return wire.Errorf("PaginationTokenExpiredException", "The pagination token %q is not valid.", token)
	},
}

// getResources finds tagged resources of the region that the request was
// signed for. Those of global services are in us-east-1.
// https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
func (s *Service) getResources(ctx context.Context, in *getResourcesInput) (*getResourcesOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	found := s.find(wire.Region(ctx), in)
	page, next, err := paging.Cut(pages, found, func(r tags.Tagged) string { return r.ARN }, in.ResourcesPerPage, in.PaginationToken)
	if err != nil {
		return nil, err
	}
	out := &getResourcesOutput{PaginationToken: &next, ResourceTagMappingList: []resourceTagMapping{}}
	for _, r := range page {
		out.ResourceTagMappingList = append(out.ResourceTagMappingList, resourceTagMapping{ResourceARN: r.ARN, Tags: r.Tags.List()})
	}
	return out, nil
}

func (in *getResourcesInput) check() error {
	switch {
	case len(in.TagFilters) > maxFilters:
		return invalid("There are %d tag filters: at most %d are allowed.", len(in.TagFilters), maxFilters)
	case len(in.ResourceARNList) > 0 && len(in.TagFilters)+len(in.ResourceTypeFilters) > 0:
		return invalid("ResourceARNList can't be used with filters.")
	}
	for _, filter := range in.TagFilters {
		if filter.Key == "" {
			return invalid("A tag filter has no key.")
		}
	}
	return nil
}

func invalid(format string, args ...any) error {
	return wire.Errorf("InvalidParameterException", format, args...)
}

// find returns what passes.
func (s *Service) find(region string, in *getResourcesInput) []tags.Tagged {
	var found []tags.Tagged
	for _, service := range s.services {
		for _, r := range service.TaggedResources() {
			if len(r.Tags) > 0 && s.regionOf(r.ARN) == region && in.passes(r) {
				found = append(found, r)
			}
		}
	}
	return found
}

// regionOf is where a resource is found. A bucket's ARN has no region, though a
// bucket is in one.
func (s *Service) regionOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	switch {
	case parts[3] != "":
		return parts[3]
	case parts[2] == "s3":
		return s.account.Region
	}
	return "us-east-1"
}

func (in *getResourcesInput) passes(r tags.Tagged) bool {
	for _, filter := range in.TagFilters {
		value, has := r.Tags[filter.Key]
		if !has || len(filter.Values) > 0 && !slices.Contains(filter.Values, value) {
			return false
		}
	}
	if len(in.ResourceTypeFilters) > 0 && !slices.ContainsFunc(in.ResourceTypeFilters, func(kind string) bool { return isOf(r.ARN, kind) }) {
		return false
	}
	return len(in.ResourceARNList) == 0 || slices.Contains(in.ResourceARNList, r.ARN)
}

// isOf reports whether a resource is of a service ("ec2") or a type ("ec2:vpc").
func isOf(arn, kind string) bool {
	service, resourceType, typed := strings.Cut(kind, ":")
	parts := strings.SplitN(arn, ":", 6)
	if parts[2] != service {
		return false
	}
	rest, matches := strings.CutPrefix(parts[5], resourceType)
	return !typed || matches && (rest == "" || rest[0] == '/' || rest[0] == ':')
}
