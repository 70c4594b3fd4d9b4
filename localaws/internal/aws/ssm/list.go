package ssm

import (
	"context"
	"slices"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

func nameOf(p *parameter) string { return p.Name }

// pages are the limits of lists,
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeParameters.html.
var pages = paging.Limits{
	Default: 10, Max: 50,
	Size: func(size int) error {
		return wire.Errorf("ValidationException", "MaxResults is %d: it must be 1 to 50", size)
	},
	Token: func(token string) error {
		return wire.Errorf("InvalidNextToken", "The token %q is not one that an answer held", token)
	},
}

type describeInput struct {
	ParameterFilters []struct {
		Key    string
		Option string
		Values []string
	}
	MaxResults *int
	NextToken  string
}

// passes reports whether a parameter has one of the names in each filter.
func (in *describeInput) passes(p *parameter) (bool, error) {
	for _, f := range in.ParameterFilters {
		if f.Key != "Name" {
			return false, wire.Errorf("InvalidFilterKey", "The filter key %q is not Name, the only one that localaws knows", f.Key)
		}
		if f.Option != "" && f.Option != "Equals" {
			return false, wire.Errorf("InvalidFilterOption", "The filter option %q is not Equals, the only one that localaws knows", f.Option)
		}
		if !slices.Contains(f.Values, p.Name) {
			return false, nil
		}
	}
	return true, nil
}

type describeOutput struct {
	Parameters []metadata
	NextToken  string
}

type metadata struct {
	Name             string
	ARN              string
	Type             string
	KeyID            string `out:"KeyId"`
	LastModifiedDate time.Time
	LastModifiedUser string
	Description      string
	AllowedPattern   string
	Version          int64
	Tier             string
	DataType         string
}

func (s *Service) describeParameters(_ context.Context, in *describeInput) (*describeOutput, error) {
	out := &describeOutput{Parameters: []metadata{}}
	var found []*parameter
	for _, p := range s.parameters.All() {
		passes, err := in.passes(p)
		if err != nil {
			return nil, err
		}
		if passes {
			found = append(found, p)
		}
	}
	page, next, err := paging.Cut(pages, found, nameOf, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out.NextToken = next
	for _, p := range page {
		out.Parameters = append(out.Parameters, metadata{
			Name: p.Name, ARN: s.arn(p), Type: p.Type, KeyID: p.KeyID, LastModifiedDate: p.Latest.Modified,
			LastModifiedUser: s.account.GlobalARN("iam", "root"), Description: p.Description, AllowedPattern: p.AllowedPattern,
			Version: p.Latest.Number, Tier: p.Tier, DataType: p.DataType,
		})
	}
	return out, nil
}
